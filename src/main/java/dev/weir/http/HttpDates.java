package dev.weir.http;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Dates in HTTP fields (RFC 9110 5.6.7), in milliseconds since the epoch with a resolution of one
 * second. All three formats are read, without regard to case (RFC 9111 4.2); only IMF-fixdate is
 * written. What is not exactly a date, and any zone but GMT, is no date at all: for Expires that
 * means the past, which is the safe side.
 */
public final class HttpDates {
  private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";
  private static final String DAYS = "montuewedthufrisatsun";
  private static final String[] DAY_NAMES = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  private static final String[] MONTH_NAMES = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };
  private static final String[] LONG_DAYS = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
  };

  /** RFC 850 years have two digits; one that seems more than 50 years ahead lies in the past. */
  private static final int CENTURY_PIVOT = 70;

  private HttpDates() {}

  /** The instant a date names, or empty if the text is null or not a date. */
  public static OptionalLong parse(@Nullable String text) {
    if (text == null) {
      return OptionalLong.empty();
    }
    String date = text.strip().toLowerCase(Locale.ROOT);
    try {
      int comma = date.indexOf(',');
      if (comma == 3 && date.length() == 29) {
        return fixdate(date);
      }
      return comma > 3 ? rfc850(date, comma) : comma < 0 ? asctime(date) : OptionalLong.empty();
    } catch (NumberFormatException | DateTimeException e) {
      return OptionalLong.empty(); // digits or a calendar day that do not exist
    }
  }

  /** {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
  public static String format(long epochMillis) {
    LocalDateTime t =
        LocalDateTime.ofEpochSecond(Math.floorDiv(epochMillis, 1000L), 0, ZoneOffset.UTC);
    StringBuilder text = new StringBuilder(29);
    text.append(DAY_NAMES[t.getDayOfWeek().getValue() - 1]).append(", ");
    two(text, t.getDayOfMonth()).append(' ').append(MONTH_NAMES[t.getMonthValue() - 1]).append(' ');
    two(text, t.getYear() / 100);
    two(text, t.getYear() % 100).append(' ');
    two(text, t.getHour()).append(':');
    two(text, t.getMinute()).append(':');
    return two(text, t.getSecond()).append(" GMT").toString();
  }

  private static StringBuilder two(StringBuilder text, int number) {
    return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }

  /** {@code sun, 06 nov 1994 08:49:37 gmt}. */
  private static OptionalLong fixdate(String d) {
    if (place(DAYS, d, 0) < 0 || !d.startsWith(", ", 3) || !spaces(d, 7, 11, 16, 25)) {
      return OptionalLong.empty();
    }
    return d.startsWith("gmt", 26)
        ? instant(digits(d, 12, 16), place(MONTHS, d, 8), digits(d, 5, 7), d, 17)
        : OptionalLong.empty();
  }

  /** {@code sunday, 06-nov-94 08:49:37 gmt}. */
  private static OptionalLong rfc850(String d, int comma) {
    int at = comma + 2;
    if (!isLongDay(d.substring(0, comma))
        || d.length() != at + 22
        || !spaces(d, comma + 1, at + 9, at + 18)
        || d.charAt(at + 2) != '-'
        || d.charAt(at + 6) != '-'
        || !d.endsWith("gmt")) {
      return OptionalLong.empty();
    }
    int year = digits(d, at + 7, at + 9);
    return instant(
        year < CENTURY_PIVOT ? 2000 + year : 1900 + year,
        place(MONTHS, d, at + 3),
        digits(d, at, at + 2),
        d,
        at + 10);
  }

  /** {@code sun nov 6 08:49:37 1994}. */
  private static OptionalLong asctime(String d) {
    if (d.length() != 24 || place(DAYS, d, 0) < 0 || !spaces(d, 3, 7, 10, 19)) {
      return OptionalLong.empty();
    }
    int day = d.charAt(8) == ' ' ? digits(d, 9, 10) : digits(d, 8, 10);
    return instant(digits(d, 20, 24), place(MONTHS, d, 4), day, d, 11);
  }

  private static OptionalLong instant(int year, int month, int day, String d, int time) {
    if (month < 0 || d.charAt(time + 2) != ':' || d.charAt(time + 5) != ':') {
      return OptionalLong.empty();
    }
    int second = digits(d, time + 6, time + 8);
    LocalDateTime t =
        LocalDateTime.of(
            year,
            month + 1,
            day,
            digits(d, time, time + 2),
            digits(d, time + 3, time + 5),
            Math.min(second, second == 60 ? 59 : second)); // a leap second is written as 60
    return OptionalLong.of(t.toEpochSecond(ZoneOffset.UTC) * 1000L);
  }

  private static boolean isLongDay(String day) {
    for (String known : LONG_DAYS) {
      if (known.equals(day)) {
        return true;
      }
    }
    return false;
  }

  /** Which three-letter name of the list stands at that place, or -1. */
  private static int place(String names, String d, int at) {
    for (int i = 0; i < names.length(); i += 3) {
      if (d.startsWith(names.substring(i, i + 3), at)) {
        return i / 3;
      }
    }
    return -1;
  }

  private static boolean spaces(String d, int... places) {
    for (int place : places) {
      if (d.charAt(place) != ' ') {
        return false;
      }
    }
    return true;
  }

  private static int digits(String d, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      char c = d.charAt(i);
      if (c < '0' || c > '9') {
        throw new NumberFormatException();
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }
}
