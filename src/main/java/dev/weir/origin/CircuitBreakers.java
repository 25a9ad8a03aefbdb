package dev.weir.origin;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.origin.BreakerState.Closed;
import dev.weir.origin.BreakerState.HalfOpen;
import dev.weir.origin.BreakerState.Open;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The circuit breakers of all origins, and the bans of operators; thread-safe. Only origins that
 * fail have an entry, and the table is bounded: of too many the least used are forgotten, that is
 * closed.
 *
 * <p>What happens is told to the other nodes, and what they tell is heard: an origin that failed
 * one of them is left alone by all, each sending its own probe when the time is up.
 */
public final class CircuitBreakers {
  /** Whether a request may go. */
  sealed interface Admission {
    /** It may; a probe's outcome decides about everybody else. */
    record Go(boolean probe) implements Admission {}

    record Stopped(OriginFailure failure) implements Admission {}
  }

  /**
   * One breaker or ban as others see it.
   *
   * @param origin scheme and authority; for a ban the host, or host and port
   * @param state closed, open, half-open or banned
   * @param remainingMillis until a probe may go, 0 if one may; of a ban 0 if it has no end
   * @param cause the failure remembered, empty while closed
   */
  public record View(
      String origin, String state, int failures, long remainingMillis, String cause) {}

  private static final Admission GO = new Admission.Go(false);
  private static final Admission PROBE = new Admission.Go(true);
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** What other nodes say is bounded like what is read from a client. */
  private static final int MAX_CAUSE_CHARS = 300;

  private static final long MAX_HEARD_MILLIS = 3_600_000;
  private static final Logger LOG = LoggerFactory.getLogger(CircuitBreakers.class);

  private final OriginSettings.Breaker settings;
  private final LongSupplier nanoTime;
  private final LongSupplier wallMillis;
  private final OriginBans bans;
  private volatile Consumer<CircuitNews> others = news -> {};
  private final Cache<String, BreakerState> table;

  /** When a connection that was closed instead of an answer was last counted. */
  private final Cache<String, Long> lastClosed;

  public CircuitBreakers(OriginSettings.Breaker settings, LongSupplier nanoTime) {
    this(settings, nanoTime, System::currentTimeMillis);
  }

  /**
   * The same with a wall clock of its own.
   *
   * @param wallMillis when operators spoke
   */
  CircuitBreakers(OriginSettings.Breaker settings, LongSupplier nanoTime, LongSupplier wallMillis) {
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.wallMillis = wallMillis;
    this.bans = new OriginBans(settings, nanoTime, wallMillis);
    this.table =
        Caffeine.newBuilder().maximumSize(settings.maxOrigins()).executor(Runnable::run).build();
    this.lastClosed =
        Caffeine.newBuilder().maximumSize(settings.maxOrigins()).executor(Runnable::run).build();
  }

  /** Whoever is given what the other nodes should know; must not block. */
  public void tellOthers(Consumer<CircuitNews> told) {
    others = told;
  }

  // --- requests

  Admission admit(String origin, CircuitTerms terms) {
    OriginBans.Ban ban = terms.heedsBans() ? bans.of(origin) : null;
    if (ban != null) {
      return new Admission.Stopped(
          OriginFailure.circuitOpen(
              "Origin " + origin + " is banned by an operator.", false, ban.leftMillis()));
    }
    if (!terms.applies() || table.getIfPresent(origin) == null) {
      return GO;
    }
    long now = nanoTime.getAsLong();
    long probeUntil = now + settings.probeMillis() * NANOS_PER_MILLI;
    Admission[] told = {GO};
    table
        .asMap()
        .computeIfPresent(
            origin,
            (key, state) ->
                switch (state) {
                  case Closed closed -> closed;
                  case Open open when open.isOver(now) -> {
                    told[0] = PROBE;
                    yield open.probe(probeUntil);
                  }
                  case Open open -> {
                    told[0] = stopped(origin, open.cause(), open.untilNanos() - now);
                    yield open;
                  }
                  case HalfOpen half when half.isOver(now) -> {
                    told[0] = PROBE;
                    yield half.probeAgain(probeUntil);
                  }
                  case HalfOpen half -> {
                    told[0] = stopped(origin, half.cause(), half.probeUntilNanos() - now);
                    yield half;
                  }
                });
    return told[0];
  }

  void succeeded(String origin) {
    if (table.getIfPresent(origin) == null) {
      return;
    }
    boolean[] closed = {false};
    table
        .asMap()
        .computeIfPresent(
            origin,
            (key, state) ->
                switch (state) {
                  // Null forgets it. A late success of an earlier request does not close an open
                  // circuit: that is the probe's word.
                  case Closed healthy -> null;
                  case HalfOpen half -> {
                    closed[0] = true;
                    yield half.onSuccess().failures() == 0 ? null : state;
                  }
                  case Open open -> open;
                });
    if (closed[0]) {
      LOG.info("Origin {} answers again", origin);
      others.accept(new CircuitNews(origin, CircuitNews.Change.ANSWERED, 0, false, "", 0));
    }
  }

  void failed(String origin, OriginFailure failure, CircuitTerms terms) {
    CircuitTerms limits = terms.or(settings);
    if (!counts(failure) || limits.failures() == 0) {
      return;
    }
    long now = nanoTime.getAsLong();
    long window = limits.windowMillis() * NANOS_PER_MILLI;
    boolean inBurst = failure.kind() == OriginFailure.Kind.CLOSED && isWithinBurst(origin, now);
    long until = now + limits.openMillis() * NANOS_PER_MILLI;
    var cause = new BreakerState.Cause(failure.timedOut(), String.valueOf(failure.getMessage()));
    List<Open> opened = new ArrayList<>(1);
    table
        .asMap()
        .compute(
            origin,
            (key, state) -> {
              Closed before = state == null ? BreakerState.HEALTHY : asClosed(state);
              if (inBurst && before != null) {
                return state;
              }
              BreakerState next =
                  before != null
                      ? before.onFailure(cause, limits.failures(), window, now, until)
                      : state instanceof HalfOpen half ? half.onFailure(cause, until) : state;
              if (next instanceof Open open && !next.equals(state)) {
                opened.add(open);
              }
              return next;
            });
    if (!opened.isEmpty()) {
      LOG.warn(
          "Origin {} is left alone for {} ms: {}", origin, limits.openMillis(), cause.message());
      others.accept(news(origin, opened.getFirst(), now));
    }
  }

  private static @Nullable Closed asClosed(BreakerState state) {
    return state instanceof Closed closed ? closed : null;
  }

  /** Whether a closed connection was counted a moment ago; notes this one otherwise. */
  private boolean isWithinBurst(String origin, long now) {
    boolean[] within = {false};
    lastClosed
        .asMap()
        .compute(
            origin,
            (key, counted) -> {
              within[0] =
                  counted != null && now - counted < settings.closedGapMillis() * NANOS_PER_MILLI;
              return within[0] ? counted : (Long) now;
            });
    return within[0];
  }

  /** A probe ended without an outcome. */
  void abandoned(String origin) {
    long now = nanoTime.getAsLong();
    table
        .asMap()
        .computeIfPresent(
            origin, (key, state) -> state instanceof HalfOpen half ? half.onAbandoned(now) : state);
  }

  // --- operators

  /**
   * Leaves a host alone, on all nodes.
   *
   * @param host with a port or without
   * @param millis how long; 0 until it is lifted
   * @return false for what is no host, or if there are too many bans
   */
  public boolean ban(String host, long millis) {
    String named = OriginBans.named(host);
    long decided = wallMillis.getAsLong();
    if (named == null || !bans.say(named, true, millis, decided)) {
      return false;
    }
    LOG.warn("{} is banned by an operator", named);
    others.accept(new CircuitNews(named, CircuitNews.Change.BANNED, millis, false, "", decided));
    return true;
  }

  /** Lifts a ban and closes the circuits of a host, on all nodes; false for what is no host. */
  public boolean unban(String host) {
    String named = OriginBans.named(host);
    long decided = wallMillis.getAsLong();
    if (named == null || !bans.say(named, false, 0, decided)) {
      return false;
    }
    close(named);
    LOG.info("An operator has {} asked again", named);
    others.accept(new CircuitNews(named, CircuitNews.Change.UNBANNED, 0, false, "", decided));
    return true;
  }

  private void close(String named) {
    table.asMap().keySet().removeIf(origin -> OriginBans.isAbout(named, origin));
  }

  // --- other nodes

  /** Takes what another node tells; it is not told on. */
  public void hear(CircuitNews news) {
    switch (news.change()) {
      case OPENED -> table.asMap().compute(news.origin(), (origin, state) -> heard(state, news));
      case ANSWERED -> {
        long now = nanoTime.getAsLong();
        table
            .asMap()
            .computeIfPresent(
                news.origin(),
                (origin, state) ->
                    state instanceof Open open && !open.isOver(now)
                        ? new Open(now, open.cause())
                        : state);
      }
      case BANNED -> {
        String named = OriginBans.named(news.origin());
        if (named != null && news.remainingMillis() >= 0) {
          bans.say(named, true, news.remainingMillis(), news.decidedAtMillis());
        }
      }
      case UNBANNED -> {
        String named = OriginBans.named(news.origin());
        if (named != null && bans.say(named, false, 0, news.decidedAtMillis())) {
          close(named);
        }
      }
    }
  }

  /** This node's own probe, if one is out, knows better than another node's failure. */
  private BreakerState heard(@Nullable BreakerState state, CircuitNews news) {
    long now = nanoTime.getAsLong();
    long millis = Math.clamp(news.remainingMillis(), 1, MAX_HEARD_MILLIS);
    String told = news.cause();
    Open fresh =
        new Open(
            now + millis * NANOS_PER_MILLI,
            new BreakerState.Cause(
                news.timedOut(), told.substring(0, Math.min(told.length(), MAX_CAUSE_CHARS))));
    return switch (state) {
      case null -> fresh;
      case Closed ignored -> fresh;
      case Open open -> open.untilNanos() - fresh.untilNanos() > 0 ? open : fresh;
      case HalfOpen half -> half;
    };
  }

  /** All that holds now, for a node that has just come. */
  public List<CircuitNews> all() {
    long now = nanoTime.getAsLong();
    List<CircuitNews> all = new ArrayList<>(bans.news());
    table
        .asMap()
        .forEach(
            (origin, state) -> {
              if (state instanceof Open open && !open.isOver(now)) {
                all.add(news(origin, open, now));
              }
            });
    return all;
  }

  private static CircuitNews news(String origin, Open open, long now) {
    return new CircuitNews(
        origin,
        CircuitNews.Change.OPENED,
        Math.max(1, (open.untilNanos() - now) / NANOS_PER_MILLI),
        open.cause().timedOut(),
        open.cause().message(),
        0);
  }

  /** All origins that failed lately, and those that are banned. */
  public List<View> view() {
    long now = nanoTime.getAsLong();
    List<View> views = new ArrayList<>();
    bans.bans()
        .forEach(
            ban -> views.add(new View(ban.host(), "banned", 0, ban.leftMillis(), "an operator")));
    table.asMap().forEach((origin, state) -> views.add(view(origin, state, now)));
    return views;
  }

  private View view(String origin, BreakerState state, long now) {
    return switch (state) {
      case Closed(int failures, long first) -> new View(origin, "closed", failures, 0, "");
      case Open(long until, BreakerState.Cause cause) ->
          new View(
              origin,
              "open",
              settings.failures(),
              Math.max(0, until - now) / NANOS_PER_MILLI,
              cause.message());
      case HalfOpen(long until, BreakerState.Cause cause) ->
          new View(origin, "half-open", settings.failures(), 0, cause.message());
    };
  }

  /**
   * Failures that say the origin is ill. A status of any kind is an answer; a broken message may be
   * one resource's. A connection closed instead of an answer counts, but once for all that an
   * origin closes at the same moment, as it does when it restarts.
   */
  private static boolean counts(OriginFailure failure) {
    return switch (failure.kind()) {
      case RESOLVE, CONNECT, CONNECT_TIMEOUT, TLS, HEAD_TIMEOUT, CLOSED -> failure.originsFault();
      case EGRESS_DENIED,
          LOOP,
          CIRCUIT_OPEN,
          OVER_LIMIT,
          IDLE_TIMEOUT,
          BAD_RESPONSE,
          TRUNCATED,
          OVERLOADED,
          FILTER ->
          false;
    };
  }

  private static Admission stopped(String origin, BreakerState.Cause cause, long leftNanos) {
    long leftMillis = Math.max(1, leftNanos / NANOS_PER_MILLI);
    return new Admission.Stopped(
        OriginFailure.circuitOpen(
            "Origin " + origin + " failed repeatedly and is left alone: " + cause.message(),
            cause.timedOut(),
            leftMillis));
  }
}
