package dev.weir.proxy.filter;

import dev.weir.http.ResponseHead;
import java.time.Duration;

/**
 * What is stored of a resource.
 *
 * @param url the URL it was stored under, without what signs it
 * @param age how old it is (RFC 9111 4.2.3)
 * @param timeToLive for how long it is fresh still; negative once it is stale
 * @param bodyBytes the length of its body
 */
public record StoredView(
    ResponseHead head, String url, Duration age, Duration timeToLive, long bodyBytes) {
  public boolean isFresh() {
    return timeToLive.isPositive();
  }
}
