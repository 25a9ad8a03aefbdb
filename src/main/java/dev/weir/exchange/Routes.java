package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKey;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyHeader;
import dev.weir.policy.Resolution;
import java.util.Optional;
import java.util.function.Function;

/**
 * Policy and key of requests, remembered by URL: a hit looks them up instead of working them out.
 */
final class Routes {
  /** URLs longer than this are not remembered: few of them would fill the memory. */
  private static final int MAX_REMEMBERED_CHARS = 512;

  private final Function<RequestHead, Resolution> policies;
  private final Function<RequestHead, CacheKey> keys;
  private final ExchangeSettings settings;
  private final Cache<String, Route> byUrl;

  Routes(
      Function<RequestHead, Resolution> policies,
      Function<RequestHead, CacheKey> keys,
      ExchangeSettings settings) {
    this.policies = policies;
    this.keys = keys;
    this.settings = settings;
    this.byUrl = Caffeine.newBuilder().maximumSize(settings.routeCacheEntries()).build();
  }

  /** The route of a request; its fields still hold what speaks to this cache. */
  Route of(RequestHead request) {
    Route route = byUrl(request);
    if (settings.allowPolicyHeader()) {
      Optional<Policy> chosen = PolicyHeader.requested(request.headers());
      if (chosen.isPresent()) {
        return route.under(chosen.get(), settings);
      }
    }
    return route;
  }

  private Route byUrl(RequestHead request) {
    String url = request.url();
    Route known = byUrl.getIfPresent(url);
    if (known != null) {
      return known;
    }
    Route route = Route.of(policies.apply(request), keys.apply(request), settings);
    if (url.length() <= MAX_REMEMBERED_CHARS) {
      byUrl.put(url, route);
    }
    return route;
  }
}
