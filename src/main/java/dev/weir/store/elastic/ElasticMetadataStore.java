package dev.weir.store.elastic;

import dev.weir.entry.Entry;
import dev.weir.store.Document;
import dev.weir.store.DocumentCodec;
import dev.weir.store.MetadataStore;
import dev.weir.store.Notes;
import dev.weir.store.StoreException;
import dev.weir.store.elastic.ElasticClient.Found;
import dev.weir.store.elastic.ElasticClient.Operation;
import dev.weir.store.elastic.ElasticClient.Ref;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Metadata in Elasticsearch 8 or OpenSearch 2, shared by every node that names the same index.
 * Opening never fails or waits because the servers are down: calls fail fast until they are there.
 *
 * <p>A read takes {@code reads.timeout} at most, a write {@code writes.timeout}; both fail at once
 * while the servers are known to be gone. A document that cannot be decoded fails its read and is
 * deleted in the version read, or its key could never be stored again.
 */
public final class ElasticMetadataStore implements MetadataStore {
  private static final Logger log = LoggerFactory.getLogger(ElasticMetadataStore.class);
  private static final long LAST_FLUSH_SECONDS = 5;

  private final ElasticSettings settings;
  private final ElasticClient client;
  private final IndexSetup setup;
  private final Outages readOutages;
  private final Reads reads;
  private final Writes writes;
  private final LastUses uses;
  private final Notes notes;
  private final Outages useOutages;
  private final ElasticMetrics metrics = new ElasticMetrics();
  private final Cancellable flushing;
  private volatile boolean closed;

  private ElasticMetadataStore(ActorSystem system, ElasticSettings settings, ElasticClient client) {
    ElasticSettings.Failures failures = settings.failures();
    Backoff backoff =
        new Backoff(failures.backoffMillis(), failures.maxBackoffMillis(), system.dispatcher());
    this.settings = settings;
    this.client = client;
    this.setup = new IndexSetup(client, IndexPlans.of(settings), failures, system);
    this.readOutages = new Outages("lookups", failures, System::nanoTime);
    this.reads = new Reads(client, setup, readOutages, backoff, metrics, settings.reads(), system);
    this.writes =
        new Writes(
            client,
            setup,
            new Outages("writes", failures, System::nanoTime),
            backoff,
            metrics,
            settings.writes(),
            system);
    this.notes = new ElasticNotes(client, setup, writes, settings);
    this.uses = new LastUses(client, setup, metrics, settings);
    this.useOutages = new Outages("last uses", failures, System::nanoTime);
    Duration period = Duration.ofMillis(settings.uses().flushMillis());
    this.flushing =
        system.scheduler().scheduleWithFixedDelay(period, period, this::flush, system.dispatcher());
    setup.begin();
  }

  /** Opens the store; the indices are made meanwhile. */
  public static ElasticMetadataStore open(ActorSystem system, ElasticSettings settings) {
    return open(
        system,
        settings,
        new HttpElasticClient(new ElasticTransport(system, settings), settings.scan()));
  }

  /** With another way to the servers. */
  static ElasticMetadataStore open(
      ActorSystem system, ElasticSettings settings, ElasticClient client) {
    return new ElasticMetadataStore(system, settings, client);
  }

  /** Completes when the indices are there, fails if the servers cannot be asked. */
  public CompletionStage<Void> ready() {
    return setup.ready();
  }

  public ElasticMetrics metrics() {
    return metrics;
  }

  /** Last uses that wait to be written. */
  public int pendingUses() {
    return uses.pendingCount();
  }

  @Override
  public CompletionStage<List<Optional<Versioned>>> read(List<String> ids) {
    if (closed) {
      return CompletableFuture.failedStage(Batcher.closed());
    }
    List<Ref> refs =
        ids.stream().map(id -> new Ref(settings.index(), DocumentIds.of(id), true)).toList();
    return reads.ask(refs).thenApply(found -> found.stream().map(this::document).toList());
  }

  private Optional<Versioned> document(Found found) {
    return switch (found) {
      case Found.Absent() -> Optional.empty();
      case Found.Unknown(Trouble trouble) -> throw ElasticFailure.told(trouble);
      case Found.Present present -> {
        try {
          yield Optional.of(decode(present));
        } catch (StoreException damaged) {
          removeDamaged(present);
          throw damaged;
        }
      }
    };
  }

  /** Says which one it is that cannot be read. */
  private static Versioned decodeNamed(Found.Present present) {
    try {
      return decode(present);
    } catch (StoreException damaged) {
      throw new StoreException(
          "Document " + Trouble.plain(present.id()) + ": " + damaged.getMessage());
    }
  }

  private static Versioned decode(Found.Present present) {
    byte[] source = present.source();
    return new Versioned(
        DocumentCodec.decode(source, 0, source.length), new Version(present.version()));
  }

  private CompletionStage<Boolean> removeDamaged(Found.Present present) {
    log.warn("The document {} is damaged and removed", Trouble.plain(present.id()));
    var delete =
        new Operation.Delete(settings.index(), present.id(), SeqNo.parse(present.version()));
    return writes.submit(delete).handle((result, failure) -> result instanceof WriteResult.Written);
  }

  @Override
  public CompletionStage<WriteResult> write(Document document, Version expected) {
    if (closed) {
      return CompletableFuture.failedStage(Batcher.closed());
    }
    String id = DocumentIds.of(document.id());
    if (expected.equals(Version.ABSENT)) {
      byte[] source = DocumentCodec.encode(document);
      return writes.submit(new Operation.Create(settings.index(), id, source));
    }
    SeqNo version = SeqNo.parse(expected.token());
    return version == null
        ? CompletableFuture.completedStage(new WriteResult.Conflict())
        : writes.submit(
            new Operation.Replace(settings.index(), id, DocumentCodec.encode(document), version));
  }

  @Override
  public CompletionStage<WriteResult> delete(String id, Version expected) {
    if (closed) {
      return CompletableFuture.failedStage(Batcher.closed());
    }
    if (expected.equals(Version.ABSENT)) {
      return read(List.of(id))
          .thenApply(
              found ->
                  found.getFirst().isEmpty()
                      ? new WriteResult.Written(Version.ABSENT)
                      : new WriteResult.Conflict());
    }
    SeqNo version = SeqNo.parse(expected.token());
    if (version == null) {
      return CompletableFuture.completedStage(new WriteResult.Conflict());
    }
    return writes
        .submit(new Operation.Delete(settings.index(), DocumentIds.of(id), version))
        .whenComplete(
            (result, _) -> {
              if (result instanceof WriteResult.Written) {
                uses.forget(id);
              }
            });
  }

  @Override
  public Source<Versioned, NotUsed> scan() {
    return Source.lazySource(() -> closed ? Source.<Versioned>failed(Batcher.closed()) : walk())
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  @Override
  public Source<Versioned, NotUsed> scanAll() {
    return Source.lazySource(
            () ->
                closed
                    ? Source.<Versioned>failed(Batcher.closed())
                    : present()
                        .map(ElasticMetadataStore::decodeNamed)
                        .mapError(
                            ElasticFailure.class,
                            failure -> ElasticFailure.told(failure.trouble())))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  @Override
  public Source<Boolean, NotUsed> damaged(boolean remove) {
    return Source.lazySource(
            () ->
                closed
                    ? Source.<Boolean>failed(Batcher.closed())
                    : present()
                        .filter(present -> decodeOrSkip(present).isEmpty())
                        .mapAsync(
                            1,
                            present ->
                                remove
                                    ? removeDamaged(present)
                                    : CompletableFuture.completedStage(false))
                        .mapError(
                            ElasticFailure.class,
                            failure -> ElasticFailure.told(failure.trouble())))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  @Override
  public Notes notes() {
    return notes;
  }

  private Source<Found.Present, NotUsed> present() {
    return Source.completionStageSource(setup.ready().thenApply(_ -> client.scan(settings.index())))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  private Source<Versioned, NotUsed> walk() {
    return present()
        .mapConcat(ElasticMetadataStore::decodeOrSkip)
        .mapError(ElasticFailure.class, failure -> ElasticFailure.told(failure.trouble()))
        .mapMaterializedValue(_ -> NotUsed.getInstance());
  }

  private static List<Versioned> decodeOrSkip(Found.Present present) {
    try {
      return List.of(decode(present));
    } catch (StoreException damaged) {
      log.warn(
          "Document {} is left out: {}",
          Trouble.plain(present.id()),
          Trouble.plain(String.valueOf(damaged.getMessage())));
      return List.of();
    }
  }

  @Override
  public CompletionStage<List<Entry>> entries(String host, String after, int limit) {
    if (closed) {
      return CompletableFuture.failedStage(Batcher.closed());
    }
    return setup
        .ready()
        .thenCompose(_ -> client.entries(settings.index(), host, after, limit))
        .thenApply(
            page ->
                page.stream()
                    .flatMap(present -> decodeOrSkip(present).stream())
                    .map(Versioned::document)
                    .filter(Document.EntryDocument.class::isInstance)
                    .map(document -> ((Document.EntryDocument) document).entry())
                    .toList())
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedStage(
                    ElasticFailure.told(ElasticFailure.trouble(failure))));
  }

  @Override
  public void touch(String id, long atMillis) {
    uses.note(id, atMillis);
  }

  @Override
  public CompletionStage<Optional<Long>> lastAccess(String id) {
    LastUses.Pending pending = uses.pendingUse(id);
    if (pending.known()) {
      return CompletableFuture.completedStage(Optional.ofNullable(pending.atMillis()));
    }
    return reads
        .ask(List.of(new Ref(settings.usesIndex(), DocumentIds.of(id), true)))
        .thenApply(found -> Optional.ofNullable(LastUses.stored(found.getFirst())));
  }

  private void flush() {
    flushAll();
  }

  private CompletionStage<Void> flushAll() {
    return uses.flush()
        .handle(
            (_, failure) -> {
              if (failure != null) {
                useOutages.failed(ElasticFailure.trouble(failure));
              } else {
                useOutages.succeeded();
              }
              return null;
            });
  }

  /** Asks the servers for one document, whatever is known of them; never fails. */
  @Override
  public CompletionStage<Optional<String>> problem() {
    if (closed) {
      return CompletableFuture.completedStage(Optional.ofNullable(Batcher.closed().getMessage()));
    }
    Ref probe = new Ref(settings.index(), "probe", false);
    return client
        .multiGet(List.of(probe), settings.failures().healthTimeoutMillis())
        .handle(this::problem);
  }

  private Optional<String> problem(@Nullable List<Found> found, @Nullable Throwable failure) {
    Trouble trouble = writes.blocked();
    if (found == null) {
      trouble = ElasticFailure.trouble(failure == null ? new TimeoutException() : failure);
    } else if (found.getFirst() instanceof Found.Unknown(Trouble unknown)) {
      trouble = unknown;
    } else {
      readOutages.succeeded();
      trouble = setup.problem() == null ? trouble : setup.problem();
    }
    return trouble == null ? Optional.empty() : Optional.of("Elasticsearch: " + trouble.text());
  }

  /** Lets what is queued finish and writes the last uses; waits some seconds at most. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    flushing.cancel();
    reads.close();
    writes.close();
    try {
      flushAll().toCompletableFuture().get(LAST_FLUSH_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException _) {
      // last uses may be lost
    }
    setup.close();
  }
}
