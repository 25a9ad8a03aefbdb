package dev.weir.http;

import java.util.Arrays;

/** Requests and responses for the tests of this package; all happen at {@link #T0}. */
final class Samples {
  /** Sat, 21 Nov 2026 00:00:00 GMT. */
  static final long T0 = 1_795_219_200_000L;

  static final String DATE = HttpDates.format(T0);

  private Samples() {}

  static RequestHead get(String... fields) {
    return new RequestHead(
        "GET", "https", new Authority("example.com", 443), "/a", Headers.of(fields));
  }

  /** A response of status 200, sent and received at T0. */
  static StoredResponse stored(String... fields) {
    return stored(200, fields);
  }

  static StoredResponse stored(int status, String... fields) {
    String[] all = Arrays.copyOf(fields, fields.length + 2);
    all[fields.length] = "Date";
    all[fields.length + 1] = DATE;
    return new StoredResponse(status, "", Headers.of(all), "GET", T0, T0);
  }

  static String secondsAfter(long seconds) {
    return HttpDates.format(T0 + seconds * 1000);
  }
}
