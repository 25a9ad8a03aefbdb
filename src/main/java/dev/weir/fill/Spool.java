package dev.weir.fill;

import dev.weir.entry.Body;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;

/**
 * Where the bytes of one fill are while it runs: the newest in a window of memory, the others in
 * chunk files, written behind and hashed while written.
 *
 * <pre>
 *   origin ──append──▶ [ window, newest bytes ]──take──▶ readers near the head
 *                            │ drain (blocking executor, hashes)
 *                            ▼
 *                      chunk files ──adopt──▶ chunks ──load──▶ readers behind
 * </pre>
 *
 * <ul>
 *   <li>The origin is stopped while half the window is not yet on disk: memory is bounded by the
 *       window, whatever the speeds of origin, disk and readers ({@link SpoolState}).
 *   <li>A reader takes what it asks for at its own pace; it is never waited for, except where there
 *       is no disk behind and the slowest that has sent something sets the pace ({@link
 *       SpoolReaders}).
 *   <li>Chunks are written and given to the store by the {@link SpoolWriter}.
 *   <li>Where several connections bring a body, each writes the chunks that the grid gave it
 *       ({@link SpoolParts}); what comes in order by the first stream goes through the window as
 *       ever.
 * </ul>
 *
 * <p>All of them share one {@link SpoolLock}; this class takes it for the first stream and for the
 * readers.
 */
final class Spool {
  /** What is meant to become of the bytes. */
  enum Storing {
    /** Chunks are adopted by the store. */
    STORE,
    /** Files only, removed at the end. */
    SPOOL,
    /** Memory only. */
    WINDOW
  }

  /** What became of the bytes once all had come. */
  sealed interface Outcome {
    record Whole(Body body) implements Outcome {}

    record Unstored(String reason) implements Outcome {}
  }

  /** What a reader gets when it asks. */
  sealed interface Next {
    record Bytes(ByteString bytes) implements Next {}

    record OnDisk(SpoolChunk chunk, long offset, int length) implements Next {}

    /** It will be woken. */
    record Wait() implements Next {}

    record End() implements Next {}

    record Gone(Throwable cause) implements Next {}
  }

  private final SpoolContext context;
  private final Storing storing;
  private final SpoolLock lock = new SpoolLock();
  private final SliceWindow window = new SliceWindow();
  private final SpoolReaders readers;
  private final SpoolState state;
  private final SpoolFiles files;
  private final SpoolWriter writer;
  private final SpoolParts parts;
  private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

  /**
   * @param length the length of the body if it is known
   * @param unstored why nothing will be stored, if that is known from the start
   * @param maxBytes of a body that is stored
   */
  Spool(
      SpoolContext context, Storing storing, OptionalLong length, String unstored, long maxBytes) {
    this.context = context;
    this.storing = storing;
    this.readers = new SpoolReaders(context, lock, window);
    this.state = new SpoolState(context, lock, window, readers, storing, length, unstored);
    this.files =
        new SpoolFiles(
            context.chunks(), context.settings().maxChunks(), state.chunkBytes(), maxBytes);
    this.writer =
        new SpoolWriter(context, lock, state, readers, files, isToBeStored(), this::settled);
    this.parts = new SpoolParts(context, lock, state, readers, writer);
    context.spools().incrementAndGet();
  }

  /** Completes, never fails, when all bytes came and are durable or known not to become so. */
  CompletionStage<Outcome> outcome() {
    return outcome;
  }

  /** Completes when nothing of it is left outside the store. */
  CompletionStage<Void> cleaned() {
    return writer.cleaned();
  }

  /** Whether chunks were to be adopted by the store when it began. */
  boolean isToBeStored() {
    return storing == Storing.STORE;
  }

  /** For other connections than the first. */
  SpoolParts parts() {
    return parts;
  }

  /** The bytes before this have all come. */
  long received() {
    return lock.get(state::received);
  }

  /** Where the first stream stands: others may have brought what follows. */
  long streamed() {
    return lock.get(state::streamed);
  }

  // --- the origin's side

  /** Takes bytes of the first stream, which come in order. */
  BodyPump.Demand append(ByteString bytes, Runnable more) {
    return lock.get(
        () -> {
          if (state.failure() != null || state.isEnded() || state.isReleased()) {
            return BodyPump.Demand.WAIT;
          }
          BodyPump.Demand demand = state.append(bytes, more);
          writer.kick();
          readers.wakeForGrowth();
          return demand;
        });
  }

  /** All bytes came. */
  void complete() {
    lock.run(
        () -> {
          state.end();
          if (storing == Storing.STORE && state.isInMemory()) {
            completeInMemory();
          } else if (!state.isInFiles()) {
            settled(new Outcome.Unstored(state.unstored()));
          }
          writer.kick();
          readers.wakeAll();
        });
  }

  private void completeInMemory() {
    long total = window.end();
    if (total <= context.settings().inlineBodyBytes()) {
      settled(new Outcome.Whole(new Body.Inline(window.take(0, (int) total).toArray())));
    } else {
      state.toFiles();
    }
  }

  private void settled(Outcome how) {
    lock.afterwards(() -> outcome.complete(how));
  }

  /** No more bytes will come; all readers fail. */
  void fail(Throwable cause) {
    lock.run(
        () -> {
          if (state.fail(cause)) {
            readers.wakeAll();
          }
        });
  }

  /** Lets everything go: files that were not adopted, and pins. Short bodies stay readable. */
  void release() {
    boolean first = lock.get(state::release);
    if (first) {
      context.spools().decrementAndGet();
      writer.cleanIfIdle();
    }
  }

  // --- the readers' side

  SpoolReader attach(long from, long to, Runnable wake) {
    SpoolReader reader = new SpoolReader(from, to, wake);
    lock.run(() -> readers.add(reader));
    return reader;
  }

  void detach(SpoolReader reader) {
    lock.run(
        () -> {
          readers.remove(reader);
          state.afterReading();
        });
    context.blocking().execute(reader::close);
  }

  Next next(SpoolReader reader, int max) {
    return lock.get(() -> nextOf(reader, max));
  }

  private Next nextOf(SpoolReader reader, int max) {
    reader.waiting = false;
    Throwable cause = state.failure();
    if (cause != null) {
      return new Next.Gone(cause);
    }
    long from = reader.position;
    if (from >= reader.to || (state.isEnded() && from >= state.totalBytes())) {
      return new Next.End();
    }
    long wanted = Math.min(max, reader.to - from);
    if (from >= window.start() && from < window.end()) {
      ByteString taken = window.take(from, (int) Math.min(wanted, window.end() - from));
      context.metrics().windowReadBytes.add(taken.size());
      advance(reader, taken.size());
      return new Next.Bytes(taken);
    }
    long onDisk = state.onDisk(from);
    SpoolChunk chunk = files.at((int) (from / state.chunkBytes()));
    if (onDisk > 0 && chunk != null) {
      return new Next.OnDisk(chunk, from % state.chunkBytes(), (int) Math.min(wanted, onDisk));
    }
    if (from >= window.end() && !state.isEnded()) {
      reader.waiting = true;
      return new Next.Wait();
    }
    context.metrics().lostReaders.increment();
    return new Next.Gone(new SpoolLost("the bytes from " + from + " are gone"));
  }

  /** The bytes behind an OnDisk answer, in the store's or the file's time; blocking. */
  ByteString load(SpoolReader reader, Next.OnDisk place) throws IOException {
    ByteString bytes = reader.load(context.chunks(), place.chunk(), place.offset(), place.length());
    lock.run(() -> advance(reader, bytes.size()));
    context.metrics().diskReadBytes.add(bytes.size());
    return bytes;
  }

  private void advance(SpoolReader reader, int bytes) {
    reader.position += bytes;
    reader.sent = true;
    state.afterReading();
  }
}
