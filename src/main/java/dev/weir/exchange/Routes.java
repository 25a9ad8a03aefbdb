package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.edge.ClientConnection;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Caller;
import dev.weir.policy.Effect;
import dev.weir.policy.Effects;
import dev.weir.policy.Entrance;
import dev.weir.policy.PolicyTable;
import dev.weir.policy.Resolution;
import dev.weir.policy.Subject;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Policy and key of requests, remembered by URL: a hit looks them up instead of working them out.
 * When the rules change, what is remembered of the old ones goes with them; a request keeps the
 * route it was given.
 */
final class Routes {
  /** URLs longer than this are not remembered: few of them would fill the memory. */
  private static final int MAX_REMEMBERED_CHARS = 512;

  /** What the name of a gate ends with that allows private addresses. */
  static final String PRIVATE = "+private";

  private final Supplier<PolicyTable> tables;
  private final UnaryOperator<RequestHead> seenByRules;
  private final ExchangeSettings settings;
  private volatile Remembered remembered;

  /**
   * @param tables the rules as they are now
   * @param seenByRules the request that rules are to judge
   */
  Routes(
      Supplier<PolicyTable> tables,
      UnaryOperator<RequestHead> seenByRules,
      ExchangeSettings settings) {
    this.tables = tables;
    this.seenByRules = seenByRules;
    this.settings = settings;
    this.remembered = fresh(tables.get());
  }

  /** What one state of the rules says of URLs. */
  private record Remembered(PolicyTable table, Cache<String, Known> byUrl) {}

  /**
   * What the rules say of a URL.
   *
   * @param route of every request for it, or null where the rest of the request matters
   */
  private record Known(PolicyTable.Shortlist shortlist, @Nullable Route route) {}

  private Remembered fresh(PolicyTable table) {
    return new Remembered(
        table, Caffeine.newBuilder().maximumSize(settings.routeCacheEntries()).build());
  }

  /** The route of a request to the forward proxy. */
  Route of(RequestHead request, @Nullable ClientConnection connection) {
    return of(request, connection, Entrance.PROXY);
  }

  /** The route of a request that came by that entrance. */
  Route of(RequestHead request, @Nullable ClientConnection connection, Entrance entrance) {
    Remembered now = remembered;
    PolicyTable table = tables.get();
    if (now.table() != table) {
      now = fresh(table);
      remembered = now;
    }
    String url = request.url();
    // No URL begins with the name of an entrance, a blank or a slash.
    String name = entrance.name().isEmpty() ? url : entrance.name() + " " + url;
    Known known = now.byUrl().getIfPresent(name);
    if (known != null && known.route() != null) {
      return known.route();
    }
    Subject subject = Subject.of(seenByRules.apply(request), caller(connection));
    PolicyTable.Shortlist shortlist = known == null ? table.shortlist(subject) : known.shortlist();
    Route route = route(table, table.resolve(shortlist, subject), subject, request, entrance);
    if (known == null && url.length() <= MAX_REMEMBERED_CHARS) {
      now.byUrl().put(name, new Known(shortlist, shortlist.isSure() ? route : null));
    }
    return route;
  }

  /** The route of a request that is nobody's in particular; nothing of it is remembered. */
  Route of(RequestHead request, Caller caller, Entrance entrance) {
    PolicyTable table = tables.get();
    Subject subject = Subject.of(seenByRules.apply(request), caller);
    return route(table, table.resolve(subject), subject, request, entrance);
  }

  private Route route(
      PolicyTable table,
      Resolution byRules,
      Subject subject,
      RequestHead request,
      Entrance entrance) {
    Resolution resolution = gated(entrance.decide(byRules));
    if (!"https".equals(request.scheme())) {
      // In the clear everybody on the way could read them.
      resolution = resolution.with(resolution.effects().without(Effect.CREDENTIALS));
    }
    return Route.of(
        resolution,
        subject,
        CacheKeys.of(request, entrance.realm(), resolution.effects()),
        table.version(),
        settings);
  }

  /** Where a rule lets a mirror go to private addresses another gate judges. */
  private static Resolution gated(Resolution resolution) {
    Effects effects = resolution.effects();
    String gate = effects.get(Effect.EGRESS_GATE, "");
    return gate.isEmpty() || !effects.get(Effect.MIRROR_PRIVATE, false)
        ? resolution
        : resolution.with(effects.with(Effect.EGRESS_GATE, gate + PRIVATE));
  }

  private static Caller caller(@Nullable ClientConnection connection) {
    return connection == null
        ? Caller.NOBODY
        : new Caller(connection.remote().getAddress(), connection.local().getPort());
  }
}
