package dev.weir.cli;

import dev.weir.entry.PrimaryKey;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.PolicyTable;
import dev.weir.rules.Explanation;
import org.jspecify.annotations.Nullable;

/** From the URLs that people type to the keys under which things are stored. */
final class UrlKeys {
  private UrlKeys() {}

  /**
   * The key of a GET for that URL, byte for byte as a client would send it; null for what is no
   * absolute http or https URL.
   *
   * @param rules in force, some of which shape keys
   */
  static @Nullable PrimaryKey of(String url, PolicyTable rules) {
    try {
      RequestHead request = Explanation.request("GET", url, Headers.EMPTY);
      return CacheKeys.of(request, "", rules.resolve(request).effects()).primary();
    } catch (IllegalArgumentException notAUrl) {
      return null;
    }
  }
}
