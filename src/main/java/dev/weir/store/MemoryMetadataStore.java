package dev.weir.store;

import dev.weir.entry.Entry;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/** Metadata in the heap, for tests and for runs without a disk; unbounded by itself. */
public final class MemoryMetadataStore implements LocalMetadata {
  private final Map<String, Versioned> documents = new ConcurrentHashMap<>();
  private final Map<String, Long> uses = new ConcurrentHashMap<>();
  private final AtomicLong versions = new AtomicLong();
  private final Notes notes = new InMemory();
  private volatile boolean closed;

  @Override
  public CompletionStage<List<Optional<Versioned>>> read(List<String> ids) {
    return ifOpen(() -> ids.stream().map(id -> Optional.ofNullable(documents.get(id))).toList());
  }

  @Override
  public CompletionStage<WriteResult> write(Document document, Version expected) {
    return ifOpen(
        () -> {
          Version next = new Version(Long.toString(versions.incrementAndGet(), 36));
          boolean[] matched = new boolean[1];
          documents.compute(
              document.id(),
              (_, now) -> {
                matched[0] = matches(now, expected);
                return matched[0] ? new Versioned(document, next) : now;
              });
          return matched[0] ? new WriteResult.Written(next) : new WriteResult.Conflict();
        });
  }

  @Override
  public CompletionStage<WriteResult> delete(String id, Version expected) {
    return ifOpen(
        () -> {
          boolean[] matched = new boolean[1];
          documents.compute(
              id,
              (_, now) -> {
                matched[0] = matches(now, expected);
                return matched[0] ? null : now;
              });
          if (!matched[0]) {
            return new WriteResult.Conflict();
          }
          uses.remove(id);
          return new WriteResult.Written(Version.ABSENT);
        });
  }

  private static boolean matches(@Nullable Versioned now, Version expected) {
    return (now == null ? Version.ABSENT : now.version()).equals(expected);
  }

  @Override
  public Source<Versioned, NotUsed> scan() {
    return Source.lazySource(
            () ->
                closed
                    ? Source.<Versioned>failed(closedStore())
                    : Source.from(List.copyOf(documents.values())))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  /** Nothing here is ever damaged. */
  @Override
  public Source<Versioned, NotUsed> scanAll() {
    return scan();
  }

  @Override
  public Source<Boolean, NotUsed> damaged(boolean remove) {
    return Source.empty();
  }

  @Override
  public Notes notes() {
    return notes;
  }

  /** Notes in the heap. */
  private final class InMemory implements Notes {
    private final Map<String, Note> texts = new ConcurrentHashMap<>();

    @Override
    public CompletionStage<Optional<Note>> read(String id) {
      return ifOpen(() -> Optional.ofNullable(texts.get(id)));
    }

    @Override
    public CompletionStage<WriteResult> write(String id, String text, Version expected) {
      Version next = new Version(Long.toString(versions.incrementAndGet(), 36));
      return replace(id, expected, new Note(id, text, next));
    }

    @Override
    public CompletionStage<WriteResult> delete(String id, Version expected) {
      return replace(id, expected, null);
    }

    private CompletionStage<WriteResult> replace(String id, Version expected, @Nullable Note next) {
      return ifOpen(
          () -> {
            boolean[] matched = new boolean[1];
            texts.compute(
                id,
                (_, now) -> {
                  matched[0] = (now == null ? Version.ABSENT : now.version()).equals(expected);
                  return matched[0] ? next : now;
                });
            return matched[0]
                ? new WriteResult.Written(next == null ? Version.ABSENT : next.version())
                : new WriteResult.Conflict();
          });
    }

    @Override
    public Source<Note, NotUsed> scan() {
      return Source.lazySource(() -> Source.from(List.copyOf(texts.values())))
          .mapMaterializedValue(_ -> NotUsed.getInstance());
    }
  }

  @Override
  public CompletionStage<List<Entry>> entries(String host, String after, int limit) {
    return ifOpen(
        () ->
            documents.values().stream()
                .map(Versioned::document)
                .filter(document -> document.id().compareTo(after) > 0)
                .flatMap(
                    document ->
                        document instanceof Document.EntryDocument(Entry entry)
                            ? Stream.of(entry)
                            : Stream.empty())
                .filter(entry -> host.isEmpty() || entry.key().host().equals(host))
                .sorted(Comparator.comparing(Entry::documentId))
                .limit(limit)
                .toList());
  }

  @Override
  public int forEach(Visitor visitor) {
    documents.forEach((id, document) -> visitor.visit(document, uses.getOrDefault(id, 0L)));
    return 0;
  }

  @Override
  public void touch(String id, long atMillis) {
    if (documents.containsKey(id)) {
      uses.merge(id, atMillis, Math::max);
    }
  }

  @Override
  public CompletionStage<Optional<Long>> lastAccess(String id) {
    return ifOpen(() -> Optional.ofNullable(uses.get(id)));
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return CompletableFuture.completedStage(
        closed ? Optional.ofNullable(closedStore().getMessage()) : Optional.empty());
  }

  private <T> CompletionStage<T> ifOpen(Supplier<T> action) {
    return closed
        ? CompletableFuture.failedStage(closedStore())
        : CompletableFuture.completedStage(action.get());
  }

  private static StoreException closedStore() {
    return new StoreException("The metadata store is closed.");
  }

  @Override
  public void close() {
    closed = true;
  }
}
