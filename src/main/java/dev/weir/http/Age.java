package dev.weir.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The age of a response on arrival (RFC 9111 4.2.3 and 5.1). */
public final class Age {
  private Age() {}

  /**
   * Corrected initial age in milliseconds, never negative: the greater of what the Date field shows
   * and what the Age field and the time on the way say.
   */
  public static long correctedInitialMillis(
      Headers headers, long dateMillis, long requestTimeMillis, long responseTimeMillis) {
    long apparentAge = Math.max(0, responseTimeMillis - dateMillis);
    long responseDelay = Math.max(0, responseTimeMillis - requestTimeMillis);
    long correctedAge = Freshness.sum(valueSeconds(headers.first("Age")) * 1000, responseDelay);
    return Math.max(apparentAge, correctedAge);
  }

  /** The value of an Age field: of a list the first member; what is no number is 0. */
  static long valueSeconds(@Nullable String value) {
    if (value == null) {
      return 0;
    }
    List<String> members = FieldSyntax.members(value, ',');
    return members.isEmpty() ? 0 : FieldSyntax.seconds(members.get(0), 0);
  }
}
