package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.policy.AddressBlock;
import dev.weir.policy.Limits;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Counts requests of networks of clients under rules with limits. A network that has been quiet for
 * a while is forgotten, and so are those that nobody has counted for longest where there are too
 * many.
 */
final class Throttle {
  private static final long NANOS = 1_000_000_000L;

  private final LongSupplier nanoTime;
  private final Cache<Name, Share> shares;

  Throttle(ExchangeSettings settings, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.shares =
        Caffeine.newBuilder()
            .maximumSize(settings.countedNetworks())
            .expireAfterAccess(Duration.ofMillis(settings.countedNetworkMillis()))
            .ticker(nanoTime::getAsLong)
            .build();
  }

  private record Name(String rule, AddressBlock network) {}

  /** A request may go on, or is refused. */
  sealed interface Admission {
    /** It may; {@code ended} is to be run once when its answer has ended. */
    record Admitted(Runnable ended) implements Admission {}

    record Refused(long retryAfterSeconds) implements Admission {}
  }

  Admission admit(Limits limits, InetAddress client) {
    int bits = client.getAddress().length == 4 ? limits.ipv4Bits() : limits.ipv6Bits();
    Name name = new Name(limits.name(), AddressBlock.around(client, bits));
    return shares.get(name, fresh -> new Share(limits)).admit(limits);
  }

  /** What one network has left. */
  private final class Share {
    private double tokens;
    private long atNanos = nanoTime.getAsLong();
    private int inFlight;

    Share(Limits limits) {
      tokens = burst(limits);
    }

    private static double burst(Limits limits) {
      return 2.0 * limits.requestsPerSecond();
    }

    synchronized Admission admit(Limits limits) {
      if (limits.inFlight() > 0 && inFlight >= limits.inFlight()) {
        return new Admission.Refused(1);
      }
      if (limits.requestsPerSecond() > 0) {
        long now = nanoTime.getAsLong();
        double gained = (double) (now - atNanos) / NANOS * limits.requestsPerSecond();
        tokens = Math.min(burst(limits), tokens + gained);
        atNanos = now;
        if (tokens < 1) {
          return new Admission.Refused((long) Math.ceil((1 - tokens) / limits.requestsPerSecond()));
        }
        tokens--;
      }
      inFlight++;
      return new Admission.Admitted(this::ended);
    }

    private synchronized void ended() {
      inFlight--;
    }
  }
}
