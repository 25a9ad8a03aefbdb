package dev.weir.origin;

import com.typesafe.config.Config;
import dev.weir.wire.TlsSettings;
import org.jspecify.annotations.Nullable;

/**
 * The limits of the way out, block {@code weir.origin}; {@code reference/origin.conf} has the
 * reason of each.
 *
 * @param egressProxy the proxy that connections to origins go through, or null
 */
public record OriginSettings(
    Pool pool,
    Breaker breaker,
    Counted counted,
    Names names,
    Egress egress,
    Connect connect,
    TlsSettings tls,
    Body body,
    Tokens tokens,
    @Nullable ParentProxy egressProxy) {

  /** Connections to one origin (scheme, authority, address). 0 milliseconds is no limit. */
  public record Pool(
      int maxConnections,
      int maxIdle,
      int maxQueued,
      int maxOrigins,
      long idleMillis,
      long maxLifetimeMillis) {
    public Pool {
      positive(maxConnections, "pool.max-connections");
      positive(maxOrigins, "pool.max-origins");
      notNegative(maxIdle, "pool.max-idle");
      notNegative(maxQueued, "pool.max-queued");
      notNegative(idleMillis, "pool.idle-millis");
      notNegative(maxLifetimeMillis, "pool.max-lifetime-millis");
    }
  }

  /** The circuit breaker of one origin (scheme, authority). */
  public record Breaker(
      int failures,
      long openMillis,
      long probeMillis,
      int maxOrigins,
      long closedGapMillis,
      long windowMillis,
      int maxBans,
      long liftedBanMillis) {
    public Breaker {
      notNegative(windowMillis, "breaker.window-millis");
      positive(failures, "breaker.failures");
      positive(openMillis, "breaker.open-millis");
      positive(probeMillis, "breaker.probe-millis");
      positive(maxOrigins, "breaker.max-origins");
      notNegative(maxBans, "breaker.max-bans");
      positive(liftedBanMillis, "breaker.lifted-ban-millis");
    }
  }

  /** The origins whose requests are counted under rules with limits. */
  public record Counted(int maxOrigins, long quietMillis) {
    public Counted {
      positive(maxOrigins, "counted.max-origins");
      positive(quietMillis, "counted.quiet-millis");
    }
  }

  /** Looking up names. */
  public record Names(int threads, int maxQueued, int maxKept, long keepMillis) {
    public Names {
      positive(threads, "names.threads");
      positive(maxQueued, "names.max-queued");
      notNegative(maxKept, "names.max-kept");
      notNegative(keepMillis, "names.keep-millis");
    }
  }

  /** The egress gate. */
  public record Egress(int maxAddresses, long ownAddressesMillis) {
    public Egress {
      positive(maxAddresses, "egress.max-addresses");
      positive(ownAddressesMillis, "egress.own-addresses-millis");
    }
  }

  /** Opening connections, and tunnels, which have no timeouts of a request. */
  public record Connect(
      long attemptMillis, int maxAttempts, long tunnelMillis, long tunnelIdleMillis) {
    public Connect {
      positive(maxAttempts, "connect.max-attempts");
      positive(attemptMillis, "connect.attempt-millis");
      notNegative(tunnelMillis, "connect.tunnel-millis");
      notNegative(tunnelIdleMillis, "connect.tunnel-idle-millis");
    }
  }

  /** Response bodies. */
  public record Body(long unclaimedMillis) {
    public Body {
      positive(unclaimedMillis, "body.unclaimed-millis");
    }
  }

  /**
   * Tokens of container registries.
   *
   * @param maxKept 0 for none: registries' answers go to clients as they come
   */
  public record Tokens(int maxKept, long challengeMillis, int maxBytes, long maxGoodSeconds) {
    public Tokens {
      notNegative(maxKept, "tokens.max-kept");
      positive(challengeMillis, "tokens.challenge");
      positive(maxBytes, "tokens.max-bytes");
      positive(maxGoodSeconds, "tokens.max-good");
    }
  }

  /** Reads the block {@code weir.origin}. */
  public static OriginSettings from(Config room) {
    return new OriginSettings(
        new Pool(
            room.getInt("pool.max-connections"),
            room.getInt("pool.max-idle"),
            room.getInt("pool.max-queued"),
            room.getInt("pool.max-origins"),
            room.getLong("pool.idle-millis"),
            room.getLong("pool.max-lifetime-millis")),
        new Breaker(
            room.getInt("breaker.failures"),
            room.getLong("breaker.open-millis"),
            room.getLong("breaker.probe-millis"),
            room.getInt("breaker.max-origins"),
            room.getLong("breaker.closed-gap-millis"),
            room.getLong("breaker.window-millis"),
            room.getInt("breaker.max-bans"),
            room.getLong("breaker.lifted-ban-millis")),
        new Counted(room.getInt("counted.max-origins"), room.getLong("counted.quiet-millis")),
        new Names(
            room.getInt("names.threads"),
            room.getInt("names.max-queued"),
            room.getInt("names.max-kept"),
            room.getLong("names.keep-millis")),
        new Egress(
            room.getInt("egress.max-addresses"), room.getLong("egress.own-addresses-millis")),
        new Connect(
            room.getLong("connect.attempt-millis"),
            room.getInt("connect.max-attempts"),
            room.getLong("connect.tunnel-millis"),
            room.getLong("connect.tunnel-idle-millis")),
        TlsSettings.from(room.getConfig("tls")),
        new Body(room.getLong("body.unclaimed-millis")),
        new Tokens(
            room.getInt("tokens.max-kept"),
            room.getDuration("tokens.challenge").toMillis(),
            Math.toIntExact(room.getBytes("tokens.max-bytes")),
            room.getDuration("tokens.max-good").toSeconds()),
        ParentProxy.from(room.getConfig("egress-proxy")));
  }

  private static void positive(long value, String key) {
    if (value <= 0) {
      throw new IllegalArgumentException("weir.origin." + key + " must be above 0");
    }
  }

  private static void notNegative(long value, String key) {
    if (value < 0) {
      throw new IllegalArgumentException("weir.origin." + key + " must not be negative");
    }
  }
}
