package dev.weir.cache;

import dev.weir.http.Headers;
import java.util.Locale;
import java.util.Set;

/** Whether a validation has told anything new besides the time. */
final class Refreshes {
  /** Fields that every 304 changes. */
  private static final Set<String> TIMES = Set.of("date", "age", "expires");

  private Refreshes() {}

  static boolean sameButTimes(Headers stored, Headers refreshed) {
    return withoutTimes(stored).equals(withoutTimes(refreshed));
  }

  private static Headers withoutTimes(Headers headers) {
    Headers.Builder kept = Headers.builder();
    headers.forEach(
        (name, value) -> {
          if (!TIMES.contains(name.toLowerCase(Locale.ROOT))) {
            kept.add(name, value);
          }
        });
    return kept.build();
  }
}
