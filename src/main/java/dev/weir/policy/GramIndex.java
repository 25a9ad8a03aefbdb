package dev.weir.policy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds which of many texts may occur in a URL, in one walk over it. Each text is filed under the
 * rarest of its runs of four characters; a URL looks up each of its own runs. A text that is found
 * this way may occur, one that is not does not. Immutable.
 *
 * <p>A URL of a hundred characters asks a hundred times; a bitmap answers nearly all of them.
 */
final class GramIndex {
  static final int GRAM_CHARS = 4;
  private static final int FILTER_BITS = 16;

  private final long[] filter = new long[1 << (FILTER_BITS - 6)];
  private final int[] grams;
  private final int[][] values;
  private final int mask;

  /** A text and what it stands for. */
  record Filed(String text, int value) {}

  GramIndex(List<Filed> texts) {
    Map<Integer, Integer> frequency = new HashMap<>();
    for (Filed filed : texts) {
      for (int i = 0; i + GRAM_CHARS <= filed.text().length(); i++) {
        frequency.merge(gram(filed.text(), i), 1, Integer::sum);
      }
    }
    Map<Integer, int[]> byGram = new HashMap<>();
    for (Filed filed : texts) {
      byGram.merge(rarest(filed.text(), frequency), new int[] {filed.value()}, GramIndex::joined);
    }
    int size = Integer.highestOneBit(Math.max(4, byGram.size() * 2)) * 2;
    mask = size - 1;
    grams = new int[size];
    values = new int[size][];
    byGram.forEach(this::put);
  }

  private static int rarest(String text, Map<Integer, Integer> frequency) {
    int best = gram(text, 0);
    for (int i = 1; i + GRAM_CHARS <= text.length(); i++) {
      int gram = gram(text, i);
      if (frequency.getOrDefault(gram, 0) < frequency.getOrDefault(best, 0)) {
        best = gram;
      }
    }
    return best;
  }

  private static int[] joined(int[] some, int[] more) {
    int[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return all;
  }

  private void put(int gram, int[] found) {
    int bit = filterBit(gram);
    filter[bit >>> 6] |= 1L << bit;
    int slot = slot(gram);
    while (values[slot] != null) {
      slot = (slot + 1) & mask;
    }
    grams[slot] = gram;
    values[slot] = found;
  }

  /** Adds the values of all texts that may occur in this one; some perhaps more than once. */
  void find(String text, IntSet into) {
    int gram = 0;
    for (int i = 0; i < text.length(); i++) {
      gram = gram << 8 | (text.charAt(i) & 0xff);
      int bit = filterBit(gram);
      if ((filter[bit >>> 6] & 1L << bit) != 0) {
        look(gram, into);
      }
    }
  }

  private void look(int gram, IntSet into) {
    int slot = slot(gram);
    while (values[slot] != null) {
      if (grams[slot] == gram) {
        for (int value : values[slot]) {
          into.add(value);
        }
        return;
      }
      slot = (slot + 1) & mask;
    }
  }

  private int slot(int gram) {
    return ((gram * 0x9E3779B9) >>> 7) & mask;
  }

  private static int filterBit(int gram) {
    return (gram * 0x85EBCA6B) >>> (32 - FILTER_BITS);
  }

  private static int gram(String text, int at) {
    int gram = 0;
    for (int i = 0; i < GRAM_CHARS; i++) {
      gram = gram << 8 | (text.charAt(at + i) & 0xff);
    }
    return gram;
  }
}
