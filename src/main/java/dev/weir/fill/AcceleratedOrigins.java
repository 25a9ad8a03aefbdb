package dev.weir.fill;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What fills over several connections know of each origin together: how many connections they have
 * there, and which origins are not to be asked for parts for a while. Thread-safe and bounded.
 */
final class AcceleratedOrigins {
  private final AccelerationSettings settings;
  private final Map<String, Integer> connections = new HashMap<>();
  private final LinkedHashMap<String, Long> refusedAtNanos = new LinkedHashMap<>();

  AcceleratedOrigins(AccelerationSettings settings) {
    this.settings = settings;
  }

  /**
   * Takes one of an origin's connections; false if there is none left.
   *
   * @param needed whether it is taken in any case: nothing would come without it
   */
  synchronized boolean acquire(String origin, boolean needed) {
    int used = connections.getOrDefault(origin, 0);
    if (used >= settings.maxConnectionsPerOrigin() && !needed) {
      return false;
    }
    connections.put(origin, used + 1);
    return true;
  }

  synchronized void release(String origin) {
    connections.computeIfPresent(origin, (name, used) -> used == 1 ? null : used - 1);
  }

  /** An origin gave no part of a body though it said that it would. */
  synchronized void refuses(String origin) {
    refusedAtNanos.putLast(origin, System.nanoTime());
    if (refusedAtNanos.size() > settings.maxRemembered()) {
      refusedAtNanos.pollFirstEntry();
    }
  }

  synchronized boolean mayBeAsked(String origin) {
    Long since = refusedAtNanos.get(origin);
    if (since == null) {
      return true;
    }
    boolean over =
        System.nanoTime() - since > TimeUnit.MILLISECONDS.toNanos(settings.rememberMillis());
    if (over) {
      refusedAtNanos.remove(origin);
    }
    return over;
  }
}
