package dev.weir.policy;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Runs a regular expression that people wrote over a URL that strangers sent. Some expressions take
 * time exponential in the text; after a million characters looked at it counts as no match.
 */
final class StepLimit {
  private static final int MAX_STEPS = 1_000_000;

  private StepLimit() {}

  static boolean find(Pattern pattern, String text) {
    try {
      return pattern.matcher(new Counted(text, new int[1])).find();
    } catch (Exhausted | StackOverflowError e) {
      return false; // alternatives under a star recurse once per character
    }
  }

  /** The text with every match replaced; null if that would take too long. */
  static @Nullable String replaceAll(Pattern pattern, String text, String replacement) {
    try {
      return pattern.matcher(new Counted(text, new int[1])).replaceAll(replacement);
    } catch (Exhausted | StackOverflowError e) {
      return null;
    }
  }

  /** A text that counts how often it is looked at; its parts count together with it. */
  @SuppressWarnings("ArrayRecordComponent") // a shared counter, never compared
  private record Counted(CharSequence text, int[] steps) implements CharSequence {
    @Override
    public int length() {
      return text.length();
    }

    @Override
    public char charAt(int index) {
      if (++steps[0] > MAX_STEPS) {
        throw new Exhausted();
      }
      return text.charAt(index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Counted(text.subSequence(start, end), steps);
    }

    @Override
    public String toString() {
      return text.toString();
    }
  }

  private static final class Exhausted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Exhausted() {
      super("too many steps", null, false, false);
    }
  }
}
