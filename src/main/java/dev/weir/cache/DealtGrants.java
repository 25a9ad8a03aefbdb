package dev.weir.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.cache.KeeperCommand.Place;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Grants that requests of this node have been given and whose fills have not begun. A keeper that
 * is born in that moment has to hear of them as of any fill, or it would grant another. A grant
 * that is neither used nor handed back is forgotten when its keeper has given it up as well.
 */
final class DealtGrants {
  /** A fill of which is only known that it is led here: others may wait for its head. */
  static final Dealt UNKNOWN = new Dealt(Place.UNVARIED, true);

  private final Cache<FillId, Waiting> waiting;

  DealtGrants(CacheSettings settings) {
    this.waiting =
        Caffeine.newBuilder()
            .expireAfterWrite(Duration.ofMillis(settings.leaderSilenceMillis()))
            .executor(Runnable::run)
            .build();
  }

  /**
   * What a grant was asked for.
   *
   * @param asked by the names that the key varied by then
   * @param awaited others may wait for its head
   */
  record Dealt(Place asked, boolean awaited) {}

  private record Waiting(Grant grant, Dealt dealt) {}

  void deal(Grant grant, Dealt dealt) {
    waiting.put(grant.fill(), new Waiting(grant, dealt));
  }

  Dealt known(Grant grant) {
    Waiting one = waiting.getIfPresent(grant.fill());
    return one == null ? UNKNOWN : one.dealt();
  }

  /** Its fill has begun, or it is handed back. */
  void take(Grant grant) {
    waiting.invalidate(grant.fill());
  }

  /** Those of that key, as their fills will report themselves. */
  Stream<KeeperCommand.Progress> of(PrimaryKey key) {
    return List.copyOf(waiting.asMap().values()).stream()
        .filter(one -> one.grant().key().equals(key))
        .map(
            one ->
                KeeperCommand.Progress.headless(
                    one.grant(), 0, one.dealt().asked(), one.dealt().awaited()));
  }
}
