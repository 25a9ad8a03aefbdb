package dev.weir.inspect;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.StorageRules;
import dev.weir.store.Document;
import dev.weir.store.HeldEntry;
import dev.weir.store.MetadataStore;
import dev.weir.store.MetadataStore.Versioned;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What is stored, told in JSON: of one key with all variants, or of a host page by page. Everything
 * is bounded: 64 variants, and by {@link InspectSettings}. Stages fail with a store's own {@link
 * dev.weir.store.StoreException}.
 */
public final class Inspector {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final MetadataStore metadata;
  private final Tiers tiers;
  private final StorageRules rules;
  private final InspectSettings settings;
  private final Clock clock;
  private final Executor blocking;

  /**
   * @param rules by which freshness is judged
   * @param blocking runs what looks at files
   */
  public Inspector(
      MetadataStore metadata,
      Tiers tiers,
      StorageRules rules,
      InspectSettings settings,
      Clock clock,
      Executor blocking) {
    this.metadata = metadata;
    this.tiers = tiers;
    this.rules = rules;
    this.settings = settings;
    this.clock = clock;
    this.blocking = blocking;
  }

  /** All that is stored under the key, or empty. */
  public CompletionStage<Optional<String>> show(PrimaryKey key) {
    return metadata
        .read(List.of(key.varyIndexId(), key.documentId()))
        .thenCompose(
            found -> {
              VaryIndex index =
                  found.getFirst().map(Versioned::document).orElse(null)
                          instanceof Document.VaryDocument(VaryIndex stored)
                      ? stored
                      : null;
              List<VariantKey> variants = index == null ? List.of() : index.variants();
              List<String> ids =
                  variants.stream()
                      .filter(variant -> !variant.isNone())
                      .map(key::documentId)
                      .toList();
              return metadata.read(ids).thenCompose(more -> page(key, index, found.get(1), more));
            });
  }

  private CompletionStage<Optional<String>> page(
      PrimaryKey key,
      @Nullable VaryIndex index,
      Optional<Versioned> plain,
      List<Optional<Versioned>> variants) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    plain.ifPresent(found -> add(entries, found));
    variants.forEach(one -> one.ifPresent(found -> add(entries, found)));
    Map<String, Entry> held = held(key);
    if (entries.isEmpty() && held.isEmpty() && index == null) {
      return CompletableFuture.completedStage(Optional.empty());
    }
    ObjectNode page = JSON.createObjectNode();
    page.put("key", key.documentId());
    page.put("epoch", index == null ? 0 : index.epoch().value());
    ArrayNode vary = page.putArray("vary");
    if (index != null) {
      index.vary().forEach(vary::add);
    }
    Map<String, Entry> all = new LinkedHashMap<>(entries);
    all.putAll(held);
    int chunksEach = Math.max(1, settings.maxChunks() / Math.max(1, all.size()));
    ArrayNode told = page.putArray("variants");
    CompletionStage<?> done = CompletableFuture.completedStage(null);
    for (Entry entry : all.values()) {
      done = done.thenCompose(before -> described(entry, held, chunksEach)).thenAccept(told::add);
    }
    return done.thenApply(ignored -> Optional.of(text(page)));
  }

  private static void add(Map<String, Entry> entries, Versioned found) {
    if (found.document() instanceof Document.EntryDocument(Entry entry)) {
      entries.put(entry.documentId(), entry);
    }
  }

  private Map<String, Entry> held(PrimaryKey key) {
    Map<String, Entry> held = new LinkedHashMap<>();
    for (HeldEntry one : tiers.held()) {
      if (one.entry().key().equals(key)) {
        held.put(one.entry().documentId(), one.entry());
      }
    }
    return held;
  }

  private CompletionStage<ObjectNode> described(
      Entry entry, Map<String, Entry> held, int maxChunks) {
    EntryText text = new EntryText(JSON, rules, clock.millis());
    ObjectNode told = text.of(entry);
    told.put("pending", held.containsKey(entry.documentId()));
    Chunks chunks = Chunks.of(entry.body());
    text.chunks(told, chunks);
    return text.lastAccess(told, metadata.lastAccess(entry.documentId()))
        .thenCompose(ignored -> tiers(told, entry, chunks.first(maxChunks)));
  }

  private CompletionStage<ObjectNode> tiers(ObjectNode told, Entry entry, Chunks chunks) {
    ObjectNode tiersOf = told.putObject("tiers");
    tiersOf.put("document", chunks.count() == 0);
    tiersOf.put("memory", tiers.inMemory(entry));
    if (chunks.count() == 0) {
      return CompletableFuture.completedStage(told);
    }
    tiersOf.put("lookedFor", chunks.count());
    return CompletableFuture.supplyAsync(() -> tiers.onDisk(chunks.ids()), blocking)
        .thenCompose(
            disk -> {
              tiersOf.put("disk", present(chunks, disk));
              return tiers
                  .inObjectStore(chunks.ids())
                  .map(
                      asked ->
                          asked.handle(
                              (there, failure) ->
                                  failure == null
                                      ? tiersOf.put("objectStore", present(chunks, there))
                                      : tiersOf.put(
                                          "objectStoreFailure", EntryText.cause(failure))))
                  .orElseGet(() -> CompletableFuture.completedStage(tiersOf));
            })
        .thenApply(ignored -> told);
  }

  private static long present(Chunks wanted, Map<?, Long> there) {
    long present = 0;
    for (int i = 0; i < wanted.count(); i++) {
      present += wanted.lengths().get(i).equals(there.get(wanted.ids().get(i))) ? 1 : 0;
    }
    return present;
  }

  /**
   * Entries in the order of their ids, after that id ("" from the first); with {@code next} to ask
   * for what follows. A page without entries is the last.
   *
   * @param host of the key, lower case; "" for all
   */
  public CompletionStage<String> list(String host, String after, int limit) {
    int most = Math.clamp(limit, 1, settings.maxPage());
    return metadata
        .entries(host, after, most)
        .thenCompose(
            entries -> {
              ObjectNode page = JSON.createObjectNode();
              ArrayNode told = page.putArray("entries");
              EntryText text = new EntryText(JSON, rules, clock.millis());
              List<CompletableFuture<?>> uses = new ArrayList<>(entries.size());
              for (Entry entry : entries) {
                ObjectNode one = text.of(entry);
                told.add(one);
                uses.add(
                    text.lastAccess(one, metadata.lastAccess(entry.documentId()))
                        .toCompletableFuture());
              }
              if (!entries.isEmpty()) {
                page.put("next", entries.getLast().documentId());
              }
              return CompletableFuture.allOf(uses.toArray(CompletableFuture[]::new))
                  .thenApply(ignored -> text(page));
            });
  }

  private static String text(ObjectNode page) {
    try {
      return JSON.writeValueAsString(page);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page cannot be written", e);
    }
  }
}
