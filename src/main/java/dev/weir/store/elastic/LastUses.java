package dev.weir.store.elastic;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Outcome;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The last uses of entries, in an index of their own so that noting one never gives the entry's
 * document another version. Collected in memory, flushed now and then: of those collected only what
 * is much newer than stored is written, and nothing for entries that are gone. What cannot be
 * written stays for the next flush; beyond the bound uses are dropped, which only ages them.
 */
final class LastUses {
  /** In the place of a time: the entry is gone, and its use shall go too. */
  private static final long GONE = -1;

  private static final Pattern STORED = Pattern.compile("\"last_access\":(\\d{1,18})");

  private final ElasticClient client;
  private final IndexSetup setup;
  private final ElasticMetrics metrics;
  private final ElasticSettings settings;
  private final Map<String, Long> pending = new ConcurrentHashMap<>();
  private final Cache<String, Long> noted;
  private final AtomicBoolean flushing = new AtomicBoolean();

  LastUses(
      ElasticClient client, IndexSetup setup, ElasticMetrics metrics, ElasticSettings settings) {
    this.client = client;
    this.setup = setup;
    this.metrics = metrics;
    this.settings = settings;
    this.noted = Caffeine.newBuilder().maximumSize(settings.uses().pending()).build();
  }

  void note(String id, long atMillis) {
    Long before = noted.getIfPresent(id);
    if (before != null && atMillis - before < settings.uses().intervalMillis()) {
      return;
    }
    if (pending.size() < settings.uses().pending()) {
      noted.put(id, atMillis);
      pending.merge(id, atMillis, Math::max);
    }
  }

  void forget(String id) {
    noted.invalidate(id);
    if (pending.size() < settings.uses().pending() || pending.containsKey(id)) {
      pending.put(id, GONE);
    }
  }

  /** A use that is not written yet; {@code known} is false if only the index can tell. */
  record Pending(boolean known, @Nullable Long atMillis) {}

  Pending pendingUse(String id) {
    Long at = pending.get(id);
    return new Pending(at != null, at == null || at == GONE ? null : at);
  }

  int pendingCount() {
    return pending.size();
  }

  static @Nullable Long stored(Found found) {
    if (!(found instanceof Found.Present present)) {
      return null;
    }
    Matcher use = STORED.matcher(new String(present.source(), StandardCharsets.ISO_8859_1));
    return use.find() ? Long.valueOf(use.group(1)) : null;
  }

  /** Writes what is pending, a batch after the other; completes when all that could be is. */
  CompletionStage<Void> flush() {
    if (pending.isEmpty() || !flushing.compareAndSet(false, true)) {
      return CompletableFuture.completedStage(null);
    }
    return setup
        .ready()
        .thenCompose(_ -> flushFrom(List.copyOf(pending.keySet()), 0))
        .whenComplete((_, _) -> flushing.set(false));
  }

  private CompletionStage<Void> flushFrom(List<String> ids, int from) {
    if (from >= ids.size()) {
      return CompletableFuture.completedStage(null);
    }
    int to = Math.min(ids.size(), from + settings.uses().batch());
    return flushBatch(ids.subList(from, to)).thenCompose(_ -> flushFrom(ids, to));
  }

  private CompletionStage<Void> flushBatch(List<String> ids) {
    Map<String, Long> taken = new ConcurrentHashMap<>();
    List<Ref> refs = new ArrayList<>(ids.size() * 2);
    for (String id : ids) {
      Long at = pending.get(id);
      if (at != null) {
        taken.put(id, at);
        refs.add(new Ref(settings.index(), DocumentIds.of(id), false));
        refs.add(new Ref(settings.usesIndex(), DocumentIds.of(id), true));
      }
    }
    if (refs.isEmpty()) {
      return CompletableFuture.completedStage(null);
    }
    List<String> order = ids.stream().filter(taken::containsKey).toList();
    long timeout = settings.writes().timeoutMillis();
    return client
        .multiGet(refs, timeout)
        .thenCompose(
            found -> {
              List<Operation> due = due(order, taken, found);
              return due.isEmpty()
                  ? CompletableFuture.completedStage(List.<Outcome>of())
                  : client.bulk(due, timeout);
            })
        .thenAccept(
            outcomes -> {
              requireDone(outcomes);
              metrics.usesWritten.add(outcomes.size());
              taken.forEach(pending::remove);
            });
  }

  private List<Operation> due(List<String> ids, Map<String, Long> taken, List<Found> found) {
    List<Operation> operations = new ArrayList<>();
    for (int i = 0; i < ids.size(); i++) {
      String id = ids.get(i);
      long at = taken.getOrDefault(id, GONE);
      boolean entryThere = found.get(2 * i) instanceof Found.Present;
      Long before = stored(found.get(2 * i + 1));
      if (!entryThere && before != null) {
        operations.add(new Operation.Delete(settings.usesIndex(), DocumentIds.of(id), null));
      } else if (entryThere
          && at != GONE
          && (before == null || at - before >= settings.uses().intervalMillis())) {
        operations.add(
            new Operation.Replace(settings.usesIndex(), DocumentIds.of(id), source(at), null));
      }
    }
    return operations;
  }

  private static byte[] source(long atMillis) {
    return ("{\"last_access\":" + atMillis + "}").getBytes(StandardCharsets.US_ASCII);
  }

  private static void requireDone(List<Outcome> outcomes) {
    for (Outcome each : outcomes) {
      if (each instanceof Outcome.Failed(Trouble trouble)) {
        throw new ElasticFailure(trouble);
      }
    }
  }
}
