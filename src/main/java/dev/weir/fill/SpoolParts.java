package dev.weir.fill;

import java.io.IOException;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One spool as the connections see it that bring parts of a body beside its first stream: what to
 * bring next, and where to write it.
 */
final class SpoolParts {
  private final SpoolContext context;
  private final SpoolLock lock;
  private final SpoolState state;
  private final SpoolReaders readers;
  private final SpoolWriter writer;

  SpoolParts(
      SpoolContext context,
      SpoolLock lock,
      SpoolState state,
      SpoolReaders readers,
      SpoolWriter writer) {
    this.context = context;
    this.lock = lock;
    this.state = state;
    this.readers = readers;
    this.writer = writer;
  }

  /** From here on others may bring parts too; false if there is no file to put them in. */
  boolean spread(long totalBytes) {
    return lock.get(
        () -> {
          boolean may = state.isWriting() && !state.isEnded();
          if (may) {
            state.spread(totalBytes);
          }
          return may;
        });
  }

  /** Whether there are files to write parts into. */
  boolean areTaken() {
    return lock.get(state::isWriting);
  }

  /** Bytes that are not in files yet. */
  long missingBytes(long totalBytes) {
    return lock.get(
        () -> {
          SpoolGrid spread = state.grid();
          return spread == null ? totalBytes - state.window().end() : spread.missingBytes();
        });
  }

  /** Whether a reader waits for what nobody brings. */
  boolean isWaitedFor() {
    return lock.get(
        () -> {
          SpoolGrid spread = state.grid();
          return spread != null && spread.isFreeAt(readers.waited());
        });
  }

  /**
   * The next part for one of {@code sharing} connections, in front of the others those that readers
   * wait for; null if there is none now.
   */
  SpoolGrid.@Nullable Claim claim(int owner, int sharing, int maxChunks, boolean fromEnd) {
    return lock.get(() -> next(owner, sharing, maxChunks, fromEnd));
  }

  private SpoolGrid.@Nullable Claim next(int owner, int sharing, int maxChunks, boolean fromEnd) {
    SpoolGrid spread = state.grid();
    boolean busy =
        writer.adopting() > context.settings().chunksAheadOfDisk(state.chunkBytes()) + sharing;
    if (spread == null || busy || !state.isWriting()) {
      return null;
    }
    long end = state.window().end();
    int unwritten = state.flushed() < end ? spread.indexOf(end) : -1;
    int chunksEach = Math.clamp(spread.freeChunks() / (4L * sharing), 1, maxChunks);
    return spread.claim(owner, chunksEach, readers.waited(), fromEnd, unwritten);
  }

  /** Writes a part's bytes; blocking. False: they are not wanted, nor are those behind them. */
  boolean write(int owner, long offset, ByteString bytes) {
    long chunkBytes = state.chunkBytes();
    ByteString rest = bytes;
    long at = offset;
    while (!rest.isEmpty()) {
      long from = at;
      int index = (int) (from / chunkBytes);
      int inChunk = (int) Math.min(rest.size(), (index + 1) * chunkBytes - from);
      if (!lock.get(() -> mayWrite(owner, from))) {
        return false;
      }
      try {
        writer.put(index, from % chunkBytes, rest.take(inChunk));
      } catch (IOException | RuntimeException e) {
        writer.stopStoring(e);
        return false;
      } finally {
        writer.partEnds();
      }
      context.metrics().originBytes.add(inChunk);
      lock.run(() -> readers.wakeBetween(from, from + inChunk));
      at += inChunk;
      rest = rest.drop(inChunk);
    }
    return true;
  }

  private boolean mayWrite(int owner, long offset) {
    SpoolGrid spread = state.grid();
    boolean may = spread != null && state.isWriting() && spread.begins(owner, offset);
    if (may) {
      writer.partBegins();
    }
    return may;
  }

  /** A connection brings no more: what it has not brought is free for others. */
  void giveBack(int owner) {
    lock.run(
        () -> {
          SpoolGrid spread = state.grid();
          if (spread != null) {
            spread.giveBack(owner);
          }
        });
  }

  // --- the first stream among them

  /** Keeps the next chunks for it. */
  void reserve(int chunks) {
    lock.run(
        () -> {
          SpoolGrid spread = state.grid();
          long end = state.window().end();
          if (spread != null && end < spread.totalBytes()) {
            spread.reserve(end, chunks);
          }
        });
  }

  /** It brings no more. */
  void firstStreamEnded() {
    lock.run(
        () -> {
          SpoolGrid spread = state.grid();
          if (spread != null) {
            spread.firstStreamEnded(state.window().end());
          }
        });
  }

  /** Nobody but it brings anything from now on. */
  void leaveToFirstStream() {
    lock.run(
        () -> {
          SpoolGrid spread = state.grid();
          if (spread != null) {
            spread.leaveToFirstStream();
          }
        });
  }
}
