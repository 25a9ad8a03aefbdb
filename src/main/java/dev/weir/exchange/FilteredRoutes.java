package dev.weir.exchange;

import dev.weir.filters.FilterRun;
import dev.weir.filters.Phase;
import dev.weir.http.Authority;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Policy;
import dev.weir.proxy.filter.CachePolicy;
import dev.weir.proxy.filter.FilterKey;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Optional;

/** What filters make of a request's route, key and range before anything is looked up. */
final class FilteredRoutes {
  private FilteredRoutes() {}

  /**
   * The route with what filters make of it.
   *
   * @param realm that of the entrance the request came by
   */
  static Route route(
      FilterRun run, Route byRules, RequestHead head, String realm, ExchangeSettings settings) {
    Route route = byRules;
    if (run.has(Phase.CACHE_POLICY)) {
      route = treated(run, route, settings);
    }
    return run.has(Phase.KEY) ? keyed(run, route, head, realm) : route;
  }

  private static Route treated(FilterRun run, Route route, ExchangeSettings settings) {
    CachePolicy usual =
        new CachePolicy(
            route.policy().label(),
            true,
            route.storage().store(),
            route.storage().maxObjectBytes());
    CachePolicy chosen = run.cachePolicy(usual);
    Route treated = route;
    if (!chosen.rulesWindows() || !chosen.name().equals(usual.name())) {
      Policy policy =
          Policy.named(chosen.name())
              .orElseThrow(
                  () -> new IllegalStateException("a filter chose no policy: " + chosen.name()));
      treated = chosen.rulesWindows() ? route.as(policy) : route.under(policy, settings);
    }
    return chosen.store() == usual.store() && chosen.maxObjectBytes() == usual.maxObjectBytes()
        ? treated
        : treated.storing(chosen.store(), chosen.maxObjectBytes());
  }

  private static Route keyed(FilterRun run, Route route, RequestHead head, String place) {
    FilterKey usual = new FilterKey(route.keyUrl(), "");
    FilterKey chosen = run.key(usual);
    if (chosen.equals(usual)) {
      return route;
    }
    String own = chosen.realm().isEmpty() ? "" : "filter " + chosen.realm() + " ";
    String realm = own + CacheKeys.place(head, place, route.effects());
    try {
      URI url = new URI(chosen.url());
      String host = url.getHost();
      String scheme = url.getScheme();
      if (host == null || !("http".equals(scheme) || "https".equals(scheme))) {
        throw new IllegalStateException("a filter's key has no absolute http or https URL");
      }
      int port = url.getPort() < 0 ? Authority.defaultPort(scheme) : url.getPort();
      String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      return route.keyed(
          CacheKeys.primary(
              scheme, new Authority(bare, port), chosen.url(), realm, route.signature() != null),
          chosen.url());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("a filter's key has no absolute http or https URL", e);
    }
  }

  /** The request with the range it shall have. */
  static RequestHead ranged(FilterRun run, RequestHead head) {
    String asked = head.headers().first("Range");
    if (asked == null) {
      return head;
    }
    Optional<String> range =
        run.changesResponses()
            ? Optional.empty()
            : run.has(Phase.RANGE) ? run.range(asked) : Optional.of(asked);
    if (range.isEmpty()) {
      return head.withHeaders(head.headers().without("Range").without("If-Range"));
    }
    return range.get().equals(asked)
        ? head
        : head.withHeaders(head.headers().with("Range", range.get()));
  }
}
