package dev.weir.policy;

import java.util.Arrays;

/** A few small numbers, collected in any order and taken in ascending order, each once. */
final class IntSet {
  private int[] numbers;
  private int size;

  /** Holds these already, in ascending order. */
  IntSet(int[] known) {
    numbers = Arrays.copyOf(known, known.length + 12);
    size = known.length;
  }

  void add(int number) {
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, size * 2);
    }
    numbers[size++] = number;
  }

  int[] ascending() {
    Arrays.sort(numbers, 0, size);
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (kept == 0 || numbers[i] != numbers[kept - 1]) {
        numbers[kept++] = numbers[i];
      }
    }
    return Arrays.copyOf(numbers, kept);
  }
}
