package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import dev.weir.store.Notes;
import dev.weir.store.StoreException;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/** A metadata store that can be down, or take a question and never answer. */
final class UnreliableMetadata implements MetadataStore {
  enum Mood {
    UP,
    DOWN,
    SILENT,
    /** It takes a question and answers it when it is released. */
    HELD
  }

  private final MetadataStore store;
  private final Queue<CompletableFuture<Void>> held = new ConcurrentLinkedQueue<>();
  volatile Mood mood = Mood.UP;

  UnreliableMetadata(MetadataStore store) {
    this.store = store;
  }

  private <T> CompletionStage<T> by(Supplier<CompletionStage<T>> operation) {
    return switch (mood) {
      case UP -> operation.get();
      case DOWN -> CompletableFuture.failedStage(new StoreException("the test store is down"));
      case SILENT -> new CompletableFuture<>();
      case HELD -> {
        CompletableFuture<Void> released = new CompletableFuture<>();
        held.add(released);
        yield released.thenCompose(now -> operation.get());
      }
    };
  }

  boolean holds() {
    return !held.isEmpty();
  }

  /** What is held goes on. */
  void release() {
    for (CompletableFuture<Void> each = held.poll(); each != null; each = held.poll()) {
      each.complete(null);
    }
  }

  @Override
  public CompletionStage<List<Optional<Versioned>>> read(List<String> ids) {
    return by(() -> store.read(ids));
  }

  @Override
  public CompletionStage<WriteResult> write(Document document, Version expected) {
    return by(() -> store.write(document, expected));
  }

  @Override
  public CompletionStage<WriteResult> delete(String id, Version expected) {
    return by(() -> store.delete(id, expected));
  }

  @Override
  public Source<Versioned, NotUsed> scan() {
    return store.scan();
  }

  @Override
  public Source<Versioned, NotUsed> scanAll() {
    return store.scanAll();
  }

  @Override
  public Source<Boolean, NotUsed> damaged(boolean remove) {
    return store.damaged(remove);
  }

  @Override
  public Notes notes() {
    return store.notes();
  }

  @Override
  public CompletionStage<List<Entry>> entries(String host, String after, int limit) {
    return by(() -> store.entries(host, after, limit));
  }

  @Override
  public void touch(String id, long atMillis) {
    store.touch(id, atMillis);
  }

  @Override
  public CompletionStage<Optional<Long>> lastAccess(String id) {
    return store.lastAccess(id);
  }

  @Override
  public CompletionStage<Optional<String>> problem() {
    return store.problem();
  }

  @Override
  public void close() {
    store.close();
  }
}
