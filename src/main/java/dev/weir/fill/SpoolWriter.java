package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Manifest;
import dev.weir.store.ChunkReader;
import dev.weir.store.FaultPoints;
import dev.weir.store.ManifestCodec;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the bytes of one spool into chunk files, behind their arrival, and has the store adopt
 * each chunk that is complete. At the end it says what became of the body.
 *
 * <pre>
 *   window ──drain──▶ chunk file ──whole──▶ sealed ──adopt──▶ pinned chunk
 *   parts ───write──▶
 * </pre>
 *
 * <p>One drain at a time; what blocks runs on the blocking executor, without the lock. Files and
 * pins are let go exactly once, when the spool is released and no write or adoption is under way.
 */
final class SpoolWriter {
  private static final Logger LOG = LoggerFactory.getLogger(SpoolWriter.class);

  private final SpoolContext context;
  private final SpoolLock lock;
  private final SpoolState state;
  private final SpoolReaders readers;
  private final SpoolFiles files;
  private final boolean storing;
  private final long chunkBytes;
  private final Consumer<Spool.Outcome> settled;
  private final CompletableFuture<Void> cleaned = new CompletableFuture<>();

  // Guarded by the lock:
  private final BitSet given = new BitSet(); // to the store, or about to be
  private final ArrayDeque<Sealed> waiting = new ArrayDeque<>(); // for their turn at the disk
  private int adopting; // those that wait included
  private int parts; // of other connections, being written
  private boolean draining;
  private boolean sealed;
  private boolean cleaning;

  /**
   * @param storing whether the store is to adopt the chunks; they are removed at the end otherwise
   * @param settled is told with the lock held, at least once if all bytes came
   */
  SpoolWriter(
      SpoolContext context,
      SpoolLock lock,
      SpoolState state,
      SpoolReaders readers,
      SpoolFiles files,
      boolean storing,
      Consumer<Spool.Outcome> settled) {
    this.context = context;
    this.lock = lock;
    this.state = state;
    this.readers = readers;
    this.files = files;
    this.storing = storing;
    this.chunkBytes = state.chunkBytes();
    this.settled = settled;
  }

  /** Completes when nothing of the spool is left outside the store. */
  CompletionStage<Void> cleaned() {
    return cleaned;
  }

  /** How many chunks the store has been given and not yet taken. */
  int adopting() {
    return adopting;
  }

  // --- writing behind the first stream

  /** Begins to write if there is anything to write; with the lock held. */
  void kick() {
    if (!draining && hasWork()) {
      draining = true;
      lock.afterwards(() -> context.blocking().execute(this::drain));
    }
  }

  private boolean hasWork() {
    return state.isWriting()
        && adopting < context.settings().chunksAheadOfDisk(chunkBytes)
        && (state.flushed() < state.window().end() || (state.isEnded() && !sealed));
  }

  /** Writes what is there, piece by piece, until there is nothing more or nowhere to put it. */
  private void drain() {
    try {
      for (Piece piece = lock.get(this::next); piece != null; piece = lock.get(this::next)) {
        if (piece.bytes.isEmpty()) {
          sealLast();
        } else {
          write(piece);
        }
      }
    } catch (IOException | RuntimeException e) {
      stopStoring(e);
      lock.run(() -> draining = false);
    }
    cleanIfIdle();
  }

  /** Bytes and where they belong; without bytes it is the end. */
  private record Piece(long from, ByteString bytes) {}

  private @Nullable Piece next() {
    if (!hasWork()) {
      draining = false;
      return null;
    }
    ByteString batch = state.window().take(state.flushed(), context.settings().writeBatchBytes());
    sealed = batch.isEmpty();
    return new Piece(state.flushed(), batch);
  }

  private void write(Piece piece) throws IOException {
    long offset = piece.from % chunkBytes;
    ByteString part = piece.bytes.take((int) Math.min(piece.bytes.size(), chunkBytes - offset));
    put((int) (piece.from / chunkBytes), offset, part);
    lock.run(() -> state.flushed(part.size()));
  }

  private void sealLast() {
    SpoolChunk last =
        lock.get(
            () -> {
              int index = (int) ((state.totalBytes() - 1) / chunkBytes);
              return state.totalBytes() > 0 && isToAdopt(index) ? files.at(index) : null;
            });
    if (last != null) {
      adopt(last);
    }
    lock.run(this::settle);
  }

  // --- writing into chunks, for all who bring bytes

  /** Another connection writes from now on: nothing is let go meanwhile; with the lock held. */
  void partBegins() {
    parts++;
  }

  /** That write is over. */
  void partEnds() {
    lock.run(() -> parts--);
    cleanIfIdle();
  }

  /** Writes into a chunk, and gives the store what is complete by that; blocking. */
  void put(int index, long offset, ByteString part) throws IOException {
    SpoolChunk chunk = files.open(index);
    long length = chunk.write(offset, part);
    if (lock.get(() -> isCompleteBy(index, length))) {
      adopt(chunk);
    }
  }

  /**
   * Notes the length of a chunk and, with the same hold of the lock, that it is being adopted: what
   * is whole, but not yet being adopted, is not at its end.
   */
  private boolean isCompleteBy(int index, long length) {
    SpoolGrid spread = state.grid();
    if (spread != null) {
      spread.reached(index, length);
    }
    return length == (spread == null ? chunkBytes : spread.sizeOf(index)) && isToAdopt(index);
  }

  /** True once for each chunk. */
  private boolean isToAdopt(int index) {
    if (!storing || given.get(index)) {
      return false;
    }
    given.set(index);
    adopting++;
    return true;
  }

  private void adopt(SpoolChunk chunk) {
    ChunkId id = chunk.seal();
    FaultPoints.reached(FaultPoints.Point.CHUNK_SPOOLED);
    give(chunk, id);
  }

  /** A complete chunk and its name. */
  private record Sealed(SpoolChunk chunk, ChunkId id) {}

  private void give(SpoolChunk chunk, ChunkId id) {
    lock.run(
        () -> {
          waiting.add(new Sealed(chunk, id));
          giveNext();
        });
    cleanIfIdle();
  }

  /** With the lock held. */
  private void giveNext() {
    if (!state.isWriting()) { // nobody will name them, and others wait for the disk
      adopting -= waiting.size();
      waiting.clear();
    }
    int atDisk = adopting - waiting.size(); // or about to be sealed
    while (atDisk < context.settings().pendingAdoptions() && !waiting.isEmpty()) {
      Sealed next = waiting.remove();
      atDisk++;
      lock.afterwards(() -> giveNow(next.chunk, next.id));
    }
  }

  private void giveNow(SpoolChunk chunk, ChunkId id) {
    context
        .chunks()
        .adopt(id, chunk.file(), chunk.length())
        .whenCompleteAsync((pin, failed) -> adopted(chunk, pin, failed), context.blocking());
  }

  private void adopted(SpoolChunk chunk, @Nullable ChunkReader pin, @Nullable Throwable failed) {
    if (pin != null) {
      chunk.adoptedAs(pin);
    } else {
      stopStoring(failed == null ? new IOException("no chunk was adopted") : failed);
    }
    adoptionEnded();
  }

  private void adoptionEnded() {
    lock.run(
        () -> {
          adopting--;
          giveNext();
          kick();
        });
    lock.run(this::settle);
    cleanIfIdle();
  }

  // --- the end

  /** Says how it ended once everything is written and adopted; with the lock held. */
  private void settle() {
    if (!sealed || adopting > 0 || !state.isInFiles() || state.failure() != null) {
      return;
    }
    if (storing) {
      whole();
    } else {
      settled.accept(new Spool.Outcome.Unstored(state.unstored()));
    }
  }

  /** A long manifest becomes a chunk before that; it is pinned as long as the others are. */
  private void whole() {
    List<ChunkId> names = files.names();
    Manifest manifest = new Manifest(state.totalBytes(), chunkBytes, names);
    ChunkId id = files.manifestId();
    if (names.size() <= Manifest.MAX_CHUNKS_IN_DOCUMENT) {
      settled.accept(new Spool.Outcome.Whole(new Body.Chunked(manifest)));
    } else if (id == null) {
      adopting++;
      lock.afterwards(() -> context.blocking().execute(() -> store(manifest)));
    } else {
      FaultPoints.reached(FaultPoints.Point.MANIFEST_ADOPTED);
      settled.accept(
          new Spool.Outcome.Whole(new Body.Listed(manifest.totalBytes(), chunkBytes, id)));
    }
  }

  private void store(Manifest manifest) {
    SpoolChunk chunk;
    try {
      chunk = files.openManifest();
      chunk.write(ByteString.fromArrayUnsafe(ManifestCodec.encode(manifest)));
    } catch (IOException | RuntimeException unwritable) {
      stopStoring(unwritable);
      adoptionEnded();
      return;
    }
    give(chunk, chunk.seal());
  }

  /** The disk will not take more: from here on memory only, at the readers' pace. */
  void stopStoring(Throwable cause) {
    boolean full = DiskFull.isCauseOf(cause);
    if (full) {
      context.metrics().diskFull.increment();
    }
    String reason =
        full ? "disk-full" : cause instanceof SpoolFiles.TooLarge ? "too-large" : "store";
    boolean stopped =
        lock.get(
            () -> {
              if (!state.stopStoring(reason)) {
                return false;
              }
              if (state.isEnded()) {
                settled.accept(new Spool.Outcome.Unstored(reason));
              }
              readers.wakeAll();
              return true;
            });
    if (stopped) {
      LOG.warn("A response goes on unstored ({}): {}", reason, cause.toString());
    }
  }

  /** Lets everything go, once the spool is released and nothing is under way. */
  void cleanIfIdle() {
    lock.run(
        () -> {
          if (state.isReleased() && !draining && adopting + parts == 0 && !cleaning) {
            cleaning = true;
            lock.afterwards(() -> context.blocking().execute(this::clean));
          }
        });
  }

  private void clean() {
    files.discard();
    cleaned.complete(null);
  }
}
