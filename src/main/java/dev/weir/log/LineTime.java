package dev.weir.log;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The time at the head of a line; its text is made once a second. One thread. */
final class LineTime {
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT);
  private static final int CLOCK = "uuuu-MM-ddT".length();

  private final ZoneId zone;
  private long second = Long.MIN_VALUE;
  private byte[] date = {};
  private byte[] clock = {};
  private byte[] offset = {};

  LineTime(ZoneId zone) {
    this.zone = zone;
  }

  /** Date, time, as many digits of the second as it has, offset (ISO 8601). */
  void addDate(Instant instant, LineBuffer line) {
    to(instant.getEpochSecond());
    line.add(date);
    int fraction = instant.getNano();
    if (fraction > 0) {
      int digits = 9;
      while (fraction % 10 == 0) {
        fraction /= 10;
        digits--;
      }
      line.add((byte) '.');
      line.addDigits(fraction, digits);
    }
    line.add(offset);
  }

  /** The time of day with milliseconds. */
  void addClock(Instant instant, LineBuffer line) {
    to(instant.getEpochSecond());
    line.add(clock);
    line.add((byte) '.');
    line.addDigits(instant.getNano() / 1_000_000, 3);
  }

  private void to(long wanted) {
    if (wanted != second) {
      OffsetDateTime time = OffsetDateTime.ofInstant(Instant.ofEpochSecond(wanted), zone);
      String text = SECOND.format(time);
      date = text.getBytes(StandardCharsets.US_ASCII);
      clock = text.substring(CLOCK).getBytes(StandardCharsets.US_ASCII);
      offset = time.getOffset().getId().getBytes(StandardCharsets.US_ASCII);
      second = wanted;
    }
  }
}
