package dev.weir.cache;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorPath;

/**
 * Since when the shards of keepers are on this node. One that comes back is another: its path ends
 * in another number. Any thread; times are nanoseconds of the monotonic clock.
 */
final class ShardAges {
  private final ConcurrentHashMap<String, Arrival> byShard = new ConcurrentHashMap<>();
  private final long youngNanos;

  private record Arrival(String path, long nanos) {}

  /**
   * @param youngMillis within which every leader of a fill has reported to where its keeper is now
   */
  ShardAges(long youngMillis) {
    this.youngNanos = TimeUnit.MILLISECONDS.toNanos(youngMillis);
  }

  /** Whether it came lately; the first question counts as its coming. */
  boolean isYoung(ActorPath shard, long nowNanos) {
    String path = shard.toSerializationFormat();
    Arrival arrival =
        byShard.compute(
            shard.name(),
            (name, known) ->
                known != null && known.path().equals(path) ? known : new Arrival(path, nowNanos));
    return nowNanos - arrival.nanos() < youngNanos;
  }
}
