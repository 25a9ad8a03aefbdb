package dev.weir.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The last uses of entries: collected in memory, written in batches and only when they are much
 * newer than what is stored. Noting is cheap and never blocks; {@link #flush} blocks.
 */
final class LastAccess {
  private final RocksDatabase database;
  private final StoreSettings.Metadata settings;
  private final Map<String, Long> pending = new ConcurrentHashMap<>();

  /** What was lately noted, so that a hot entry does not come back here at every hit. */
  private final Cache<String, Long> noted;

  LastAccess(RocksDatabase database, StoreSettings.Metadata settings) {
    this.database = database;
    this.settings = settings;
    this.noted = Caffeine.newBuilder().maximumSize(settings.touchPending()).build();
  }

  void note(String id, long atMillis) {
    Long before = noted.getIfPresent(id);
    if (before != null && atMillis - before < settings.touchIntervalMillis()) {
      return;
    }
    if (pending.size() < settings.touchPending()) {
      noted.put(id, atMillis);
      pending.merge(id, atMillis, Math::max);
    }
  }

  void forget(String id) {
    pending.remove(id);
    noted.invalidate(id);
  }

  @Nullable Long pendingUse(String id) {
    return pending.get(id);
  }

  @Nullable Long stored(byte[] key) {
    return decode(database.get(RocksDatabase.Table.LAST_ACCESS, key));
  }

  void flush() {
    List<RocksDatabase.Row> rows = new ArrayList<>();
    pending.forEach(
        (id, at) -> {
          byte[] key = id.getBytes(StandardCharsets.UTF_8);
          Long before = stored(key);
          boolean due = before == null || at - before >= settings.touchIntervalMillis();
          if (due && database.get(RocksDatabase.Table.DOCUMENTS, key) != null) {
            rows.add(new RocksDatabase.Row(key, encode(at)));
          }
          pending.remove(id, at);
        });
    if (!rows.isEmpty()) {
      database.putAllRelaxed(RocksDatabase.Table.LAST_ACCESS, rows);
    }
  }

  private static byte[] encode(long atMillis) {
    return ByteBuffer.allocate(Long.BYTES).putLong(atMillis).array();
  }

  static @Nullable Long decode(byte @Nullable [] value) {
    return value == null || value.length != Long.BYTES ? null : ByteBuffer.wrap(value).getLong();
  }
}
