package dev.weir.moving;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.http.StoredResponse;
import dev.weir.store.StoreException;
import dev.weir.store.collect.Progress;
import dev.weir.store.elastic.ForeignIndex;
import dev.weir.store.s3.ForeignObjects;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongUnaryOperator;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.StreamConverters;

/**
 * Moves what a source holds into stores of ours. Documents come page by page, bodies chunk by
 * chunk, some at a time; nothing whole is in memory. What is moved has no freshness left, so that
 * it is validated before its first use. Another run goes on where one was cut off: what is here is
 * left alone. One run per object; blocks.
 */
public final class Mover {
  /** So many failures of stores one after another end a run. */
  private static final int MAX_FAILURES_IN_A_ROW = 20;

  private static final long CALL_MILLIS = 120_000;
  private static final Duration SILENCE = Duration.ofMinutes(2);

  private final Origin origin;
  private final Stores stores;
  private final Plan plan;
  private final Progress progress;
  private final InstantSource clock;
  private final Materializer materializer;
  private final SourceDocument documents;
  private final Shelf shelf;
  private final Map<Reason, Long> skipped = new EnumMap<>(Reason.class);

  private long seen;
  private long begun;
  private long moved;
  private long bytes;
  private int failuresInARow;
  private String trouble = "";

  /**
   * Where it all comes from.
   *
   * @param prefix before the keys of its chunks
   */
  public record Origin(ForeignIndex index, ForeignObjects objects, String prefix) {}

  /**
   * How it is done.
   *
   * @param limit so many entries at most
   * @param parallel bodies at a time
   * @param inlineBytes bodies up to this go into their document
   * @param chunkBytesFor the size of chunks for a body of that length
   */
  public record Plan(
      boolean dryRun, long limit, int parallel, int inlineBytes, LongUnaryOperator chunkBytesFor) {}

  public Mover(
      Origin origin,
      Stores stores,
      Keying keying,
      Plan plan,
      Progress progress,
      InstantSource clock,
      Materializer materializer) {
    this.origin = origin;
    this.stores = stores;
    this.plan = plan;
    this.progress = progress;
    this.clock = clock;
    this.materializer = materializer;
    this.documents = new SourceDocument(keying, clock);
    this.shelf = new Shelf(stores.metadata());
  }

  /** Fails with a {@link StoreException} only if the source's index does. */
  public Report run() {
    Semaphore free = new Semaphore(plan.parallel());
    boolean complete = false;
    boolean first = true;
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      while (!isOver()) {
        Optional<ForeignIndex.Page> page = Waiting.on(origin.index().next(), CALL_MILLIS);
        if (page.isEmpty()) {
          complete = true;
          break;
        }
        if (first) {
          progress.phase("documents", page.get().total());
          first = false;
        }
        for (ForeignIndex.Raw raw : page.get().documents()) {
          free.acquireUninterruptibly();
          if (isOver()) {
            free.release();
            break;
          }
          workers.execute(
              () -> {
                try {
                  consider(raw);
                } finally {
                  free.release();
                }
              });
        }
      }
    }
    return report(complete);
  }

  private synchronized Report report(boolean complete) {
    return new Report(plan.dryRun(), seen, moved, bytes, skipped, complete, trouble);
  }

  private synchronized boolean isOver() {
    return begun >= plan.limit() || failuresInARow >= MAX_FAILURES_IN_A_ROW;
  }

  private void consider(ForeignIndex.Raw raw) {
    progress.advance(1);
    if (SourceDocument.isIndex(raw.id())) {
      return;
    }
    boolean taken = false;
    try {
      Candidate candidate = documents.read(raw.id(), raw.source());
      Shelf.Place place = place(candidate);
      taken = take();
      if (taken) {
        move(candidate, place);
        done(candidate.manifest().totalBytes());
      }
    } catch (Skipped not) {
      skip(not.reason(), not, taken);
    } catch (StoreException | UncheckedIOException failure) {
      skip(Reason.STORES_FAILED, failure, taken);
    }
  }

  private Shelf.Place place(Candidate candidate) throws Skipped {
    return shelf
        .find(candidate.key(), candidate.variant(), candidate.vary())
        .orElseThrow(() -> new Skipped(Reason.ALREADY_HERE));
  }

  private void move(Candidate candidate, Shelf.Place place) throws Skipped {
    if (plan.dryRun()) {
      return;
    }
    try (Stores.Batch batch = stores.begin()) {
      long cut = plan.chunkBytesFor().applyAsLong(candidate.manifest().totalBytes());
      Body body = new BodyCopy(candidate, this::open, batch, plan.inlineBytes(), cut).run();
      Entry entry =
          new Entry(
              candidate.key(),
              candidate.variant(),
              candidate.url(),
              new StoredResponse(
                  200,
                  "OK",
                  candidate.headers(),
                  "GET",
                  Shelf.LONG_AGO_MILLIS,
                  Shelf.LONG_AGO_MILLIS),
              body,
              place.epoch(),
              FillId.random());
      batch.requireYoung();
      // Before it is there: quotas look at the last use, and its own time is long ago.
      stores
          .metadata()
          .touch(entry.documentId(), candidate.lastAccessMillis().orElse(clock.millis()));
      if (!shelf.put(entry, place, candidate.vary())) {
        throw new Skipped(Reason.ALREADY_HERE);
      }
      batch.committed(entry);
    }
  }

  private Optional<BodyCopy.Chunk> open(String key) throws IOException {
    try {
      return Waiting.on(origin.objects().open(origin.prefix() + key), CALL_MILLIS)
          .map(
              opened ->
                  new BodyCopy.Chunk(
                      opened.bytes().runWith(StreamConverters.asInputStream(SILENCE), materializer),
                      opened.modified(),
                      opened.lengthBytes()));
    } catch (StoreException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private synchronized boolean take() {
    if (begun >= plan.limit()) {
      return false;
    }
    begun++;
    return true;
  }

  private synchronized void done(long bodyBytes) {
    seen++;
    moved++;
    bytes += bodyBytes;
    failuresInARow = 0;
  }

  private synchronized void skip(Reason reason, Exception why, boolean taken) {
    seen++;
    begun -= taken ? 1 : 0;
    skipped.merge(reason, 1L, Long::sum);
    if (reason.isPassing()) {
      failuresInARow++;
      trouble = String.valueOf(why.getMessage());
    }
  }
}
