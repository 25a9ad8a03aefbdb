package dev.weir.fill;

import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which chunks of a body are being brought by whom, and how much of each is in its file, where
 * several connections bring it. Not thread-safe: guarded by the lock of its spool.
 *
 * <p>The first stream is one that brings: it takes chunk after chunk as it gets to them, and is
 * ended before one that another has. What another has asked for but not yet begun to get goes to
 * the first stream nevertheless, so that an origin that answers no such requests costs nothing.
 */
final class SpoolGrid {
  /** Who brings a chunk: nobody, or the number of a connection. */
  private static final int NOBODY = 0;

  static final int FIRST_STREAM = 1;

  private final long totalBytes;
  private final long chunkBytes;
  private final int[] owners;
  private final long[] held;
  private final BitSet begun;
  private int front;
  private long heldBytes;
  private boolean firstStreamAlone;

  /**
   * A piece of a body for one connection to bring.
   *
   * @param end the offset after its last byte
   */
  record Claim(long from, long end) {}

  SpoolGrid(long totalBytes, long chunkBytes) {
    this.totalBytes = totalBytes;
    this.chunkBytes = chunkBytes;
    int count = Math.toIntExact((totalBytes + chunkBytes - 1) / chunkBytes);
    this.owners = new int[count];
    this.held = new long[count];
    this.begun = new BitSet(count);
  }

  long totalBytes() {
    return totalBytes;
  }

  int indexOf(long offset) {
    return (int) (offset / chunkBytes);
  }

  long startOf(int index) {
    return index * chunkBytes;
  }

  long sizeOf(int index) {
    return Math.min(chunkBytes, totalBytes - startOf(index));
  }

  /** Bytes of that chunk in its file. */
  long heldOf(int index) {
    return held[index];
  }

  boolean isWhole(int index) {
    return held[index] == sizeOf(index);
  }

  boolean isComplete() {
    return heldBytes == totalBytes;
  }

  long missingBytes() {
    return totalBytes - heldBytes;
  }

  /** The bytes before this are all in files. */
  long frontier() {
    while (front < held.length && isWhole(front)) {
      front++;
    }
    return front == held.length ? totalBytes : startOf(front) + held[front];
  }

  /** Bytes in files from that offset on, up to the end of its chunk. */
  long readable(long offset) {
    if (offset >= totalBytes) {
      return 0;
    }
    int index = indexOf(offset);
    return Math.max(0, startOf(index) + held[index] - offset);
  }

  /** The file of that chunk has come to that length. */
  void reached(int index, long length) {
    if (length > held[index]) {
      heldBytes += length - held[index];
      held[index] = length;
    }
  }

  // --- the first stream

  /** What exists when others join it: it brings the chunk that it is in. */
  void startAt(long flushed, long received) {
    for (int index = 0; startOf(index) < flushed; index++) {
      begun.set(index);
      reached(index, Math.min(sizeOf(index), flushed - startOf(index)));
    }
    if (received < totalBytes) {
      for (int index = 0; index <= indexOf(received); index++) {
        owners[index] = FIRST_STREAM;
        begun.set(index);
      }
    }
  }

  /** From here on nobody else brings anything: it goes to the end, over what is there already. */
  void leaveToFirstStream() {
    firstStreamAlone = true;
  }

  /** How many of that many bytes at the offset it may bring; it then owns their chunks. */
  int acceptable(long offset, int bytes) {
    int accepted = 0;
    while (accepted < bytes && offset + accepted < totalBytes && owns(offset + accepted)) {
      int index = indexOf(offset + accepted);
      long room = startOf(index) + sizeOf(index) - (offset + accepted);
      accepted += (int) Math.min(room, bytes - accepted);
    }
    return accepted;
  }

  /** Whether it may go on at the offset; it then owns that chunk. */
  boolean owns(long offset) {
    if (offset >= totalBytes) {
      return true; // its end is its own to find
    }
    int index = indexOf(offset);
    boolean free = !begun.get(index) || (owners[index] == NOBODY && !isWhole(index));
    if (owners[index] == FIRST_STREAM || firstStreamAlone || free) {
      owners[index] = FIRST_STREAM;
      begun.set(index);
      return true;
    }
    return false;
  }

  /** It has ended at that offset: what it has not brought is free, once written what it has. */
  void firstStreamEnded(long received) {
    for (int index = 0; index < owners.length; index++) {
      if (owners[index] == FIRST_STREAM && startOf(index) + sizeOf(index) > received) {
        owners[index] = NOBODY;
      }
    }
  }

  /** Keeps the next chunks for it. */
  void reserve(long received, int chunks) {
    int index = indexOf(received);
    int end = Math.min(index + chunks, owners.length);
    for (int i = index; i < end && (owners[i] == FIRST_STREAM || isFree(i)); i++) {
      owners[i] = FIRST_STREAM;
      begun.set(i);
    }
  }

  // --- the others

  /**
   * The next piece: where a reader waits, or else the lowest that nobody brings, or the highest.
   *
   * @param busy a chunk that is still being written for one who has left; -1 for none
   * @param waiting the offsets at which readers wait
   */
  @Nullable Claim claim(int owner, int chunks, List<Long> waiting, boolean fromEnd, int busy) {
    int index = waited(waiting, busy);
    if (index < 0) {
      index = fromEnd ? highest(busy) : lowest(busy);
    }
    if (index < 0) {
      return null;
    }
    int end = index;
    do {
      owners[end++] = owner;
    } while (end < owners.length
        && end - index < chunks
        && end != busy
        && isFree(end)
        && held[end] == 0);
    long last = startOf(end - 1) + sizeOf(end - 1);
    return new Claim(startOf(index) + held[index], last);
  }

  /** Whether nobody brings what is at one of the offsets. */
  boolean isFreeAt(List<Long> offsets) {
    return waited(offsets, -1) >= 0;
  }

  private int waited(List<Long> offsets, int busy) {
    int found = -1;
    for (long offset : offsets) {
      int index = indexOf(offset);
      boolean serves = offset < totalBytes && index != busy && isFree(index);
      if (serves && (found < 0 || index < found)) {
        found = index;
      }
    }
    return found;
  }

  private int lowest(int busy) {
    for (int index = front; index < owners.length; index++) {
      if (index != busy && isFree(index)) {
        return index;
      }
    }
    return -1;
  }

  private int highest(int busy) {
    for (int index = owners.length - 1; index >= front; index--) {
      if (index != busy && isFree(index)) {
        return index;
      }
    }
    return -1;
  }

  private boolean isFree(int index) {
    return owners[index] == NOBODY && !isWhole(index);
  }

  int freeChunks() {
    int free = 0;
    for (int index = front; index < owners.length; index++) {
      free += isFree(index) ? 1 : 0;
    }
    return free;
  }

  /** Whether that connection may write at the offset; from then on the chunk is its own. */
  boolean begins(int owner, long offset) {
    if (offset >= totalBytes || owners[indexOf(offset)] != owner) {
      return false;
    }
    begun.set(indexOf(offset));
    return true;
  }

  /** What a connection has not brought is free for others. */
  void giveBack(int owner) {
    for (int index = 0; index < owners.length; index++) {
      if (owners[index] == owner) {
        owners[index] = NOBODY;
        if (held[index] == 0) {
          begun.clear(index);
        }
      }
    }
  }
}
