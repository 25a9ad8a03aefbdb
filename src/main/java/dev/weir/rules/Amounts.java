package dev.weir.rules;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations and sizes in the forms people write them, the same in rule files and settings: {@code
 * 30}, {@code 500ms} or {@code 2 minutes} (a bare number is seconds), {@code 1024} or {@code 20G}.
 * What does not fit is an IllegalArgumentException whose message is what was expected.
 */
public final class Amounts {
  private static final Pattern DURATION =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)\\s*([a-zA-Z]*)");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})\\s*([kmgt]?)(?:i?b)?");

  private static final String A_DURATION = "a duration such as 30, 500ms, 30s, 5m, 2h or 7d";
  private static final String A_SIZE = "a size such as 500M or 20G";

  /** Timers count nanoseconds, and have no number for times of several hundred years. */
  private static final double MAX_MILLIS = 36_500.0 * 86_400_000;

  private Amounts() {}

  public static long millis(String text) {
    Matcher parts = DURATION.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(A_DURATION);
    }
    double unit =
        switch (parts.group(2)) {
          case "ms", "millis", "milliseconds" -> 1;
          case "", "s", "second", "seconds" -> 1000;
          case "m", "minute", "minutes" -> 60_000;
          case "h", "hour", "hours" -> 3_600_000;
          case "d", "day", "days" -> 86_400_000;
          default -> throw new IllegalArgumentException(A_DURATION);
        };
    double millis = Double.parseDouble(parts.group(1)) * unit;
    if (millis > MAX_MILLIS) {
      throw new IllegalArgumentException(A_DURATION + ", 100 years at most");
    }
    return Math.round(millis);
  }

  public static long bytes(String text) {
    Matcher parts = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      throw new IllegalArgumentException(A_SIZE);
    }
    int shift =
        switch (parts.group(2)) {
          case "k" -> 10;
          case "m" -> 20;
          case "g" -> 30;
          case "t" -> 40;
          default -> 0;
        };
    long count = Long.parseLong(parts.group(1));
    if (count > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException(A_SIZE);
    }
    return count << shift;
  }
}
