package dev.weir.store.collect;

import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore;
import dev.weir.store.Retention;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;

/**
 * Entries that go because nobody has used them for long, or because all together are too large: the
 * longest unused first, a key with all its variants. Their documents are removed; their chunks
 * become garbage, and are collected as such.
 *
 * <p>A chunk that several entries share counts for each of them, so bodies may take less than the
 * limit, never more. Two walks through the metadata; some 120 bytes of memory per key.
 */
final class Quotas {
  private static final int PARALLELISM = 32;

  private final MetadataStore metadata;
  private final CollectionSettings settings;
  private final Retention.Remover remover;
  private final InstantSource clock;
  private final NamedChunks names;
  private final Materializer materializer;

  Quotas(
      MetadataStore metadata,
      CollectionSettings settings,
      Retention.Remover remover,
      InstantSource clock,
      NamedChunks names) {
    this.metadata = metadata;
    this.settings = settings;
    this.remover = remover;
    this.clock = clock;
    this.names = names;
    this.materializer = names.materializer();
  }

  /**
   * What went, or would.
   *
   * @param chunks which these entries named; others that are left may name them too
   */
  record Removed(long entries, long bytes, ChunkTable chunks) {}

  private record Victim(Entry entry, Map<ChunkId, Long> chunks, boolean gone) {}

  /** All variants of a key. */
  record Group(long bytes, long usedMillis) {
    Group with(Group other) {
      return new Group(bytes + other.bytes, Math.max(usedMillis, other.usedMillis));
    }
  }

  Removed apply(boolean dryRun, Progress progress) {
    if (settings.maxBytes() == 0 && settings.maxAgeMillis() == 0) {
      return new Removed(0, 0, new ChunkTable());
    }
    progress.phase("measuring", 0);
    Map<String, Group> groups = measure(progress);
    Set<String> victims = victims(groups, clock.millis(), settings);
    if (victims.isEmpty()) {
      return new Removed(0, 0, new ChunkTable());
    }
    progress.phase("removing", victims.size());
    return remove(victims, dryRun, progress);
  }

  private Map<String, Group> measure(Progress progress) {
    Map<String, Group> groups = new HashMap<>();
    Waiting.forWalk(
        metadata
            .scanAll()
            .mapConcat(
                stored ->
                    stored.document() instanceof EntryDocument(Entry entry)
                        ? List.of(entry)
                        : List.<Entry>of())
            .mapAsync(
                PARALLELISM,
                entry ->
                    metadata
                        .lastAccess(entry.documentId())
                        .thenApply(use -> Pair.create(entry, use.orElse(0L))))
            .runForeach(
                used -> {
                  Entry entry = used.first();
                  long millis = Math.max(used.second(), entry.response().responseTimeMillis());
                  groups.merge(
                      entry.key().documentId(),
                      new Group(entry.body().length(), millis),
                      Group::with);
                  progress.advance(1);
                },
                materializer));
    return groups;
  }

  /** The keys that have to go, by their ids. */
  static Set<String> victims(
      Map<String, Group> groups, long nowMillis, CollectionSettings settings) {
    Set<String> victims = new HashSet<>();
    long bytes = groups.values().stream().mapToLong(Group::bytes).sum();
    List<Map.Entry<String, Group>> oldestFirst = new ArrayList<>(groups.entrySet());
    oldestFirst.sort(Comparator.comparingLong(group -> group.getValue().usedMillis()));
    for (Map.Entry<String, Group> group : oldestFirst) {
      boolean tooOld =
          settings.maxAgeMillis() > 0
              && nowMillis - group.getValue().usedMillis() > settings.maxAgeMillis();
      boolean tooMuch = settings.maxBytes() > 0 && bytes > settings.maxBytes();
      if (!tooOld && !tooMuch) {
        break;
      }
      victims.add(group.getKey());
      bytes -= group.getValue().bytes();
    }
    return victims;
  }

  private Removed remove(Set<String> victims, boolean dryRun, Progress progress) {
    LongAdder entries = new LongAdder();
    LongAdder bytes = new LongAdder();
    ChunkTable chunks = new ChunkTable();
    Waiting.forWalk(
        metadata
            .scanAll()
            .mapConcat(
                stored ->
                    stored.document() instanceof EntryDocument(Entry entry)
                            && victims.contains(entry.key().documentId())
                        ? List.of(entry)
                        : List.<Entry>of())
            .mapAsyncUnordered(
                PARALLELISM,
                entry ->
                    named(entry)
                        .thenCompose(
                            named ->
                                removed(entry, dryRun)
                                    .thenApply(gone -> new Victim(entry, named, gone))))
            .runForeach(
                victim -> {
                  progress.advance(1);
                  if (victim.gone()) {
                    entries.increment();
                    bytes.add(victim.entry().body().length());
                    victim.chunks().forEach(chunks::put);
                  }
                },
                materializer));
    return new Removed(entries.sum(), bytes.sum(), chunks);
  }

  private CompletionStage<Boolean> removed(Entry entry, boolean dryRun) {
    return dryRun ? CompletableFuture.completedStage(true) : remover.remove(entry);
  }

  /** None where its manifest cannot be read: then it is not taken to have named any. */
  private CompletionStage<Map<ChunkId, Long>> named(Entry entry) {
    return names.of(entry.body()).exceptionally(unreadable -> Map.of());
  }
}
