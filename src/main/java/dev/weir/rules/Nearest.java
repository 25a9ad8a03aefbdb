package dev.weir.rules;

import java.util.Collection;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the word somebody meant. */
public final class Nearest {
  /** Words that differ in more are others. */
  private static final int MAX_DISTANCE = 3;

  private Nearest() {}

  /** The one of these that is nearest to a word that is none of them; null if none is near. */
  public static @Nullable String to(String word, Collection<String> known) {
    String best = null;
    int least = MAX_DISTANCE + 1;
    for (String one : new TreeSet<>(known)) {
      int distance = distance(word, one);
      if (distance < least) {
        least = distance;
        best = one;
      }
    }
    return best;
  }

  /** Edit distance (Levenshtein). */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
