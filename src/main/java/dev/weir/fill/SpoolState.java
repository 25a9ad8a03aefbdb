package dev.weir.fill;

import java.util.OptionalLong;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * How far the body of one spool has come and where its bytes are: in the window, in files, or no
 * more. Says when the origin must wait and what memory may be let go; does no work itself. Guarded
 * by the lock of its spool.
 *
 * <pre>
 *   MEMORY ──more than short-body-bytes──▶ FILES ──disk full, too large──▶ WINDOW
 * </pre>
 */
final class SpoolState {
  private enum Mode {
    MEMORY,
    FILES,
    WINDOW
  }

  private final SpoolContext context;
  private final FillSettings settings;
  private final SpoolLock lock;
  private final SliceWindow window;
  private final SpoolReaders readers;
  private final long chunkBytes;
  private final boolean memoryOnly;
  private Mode mode;
  private String unstored;
  private @Nullable SpoolGrid grid;
  private long flushed;
  private boolean ended;
  private boolean released;
  private @Nullable Throwable failure;
  private @Nullable Runnable resume;

  /**
   * @param length the length of the body if it is known
   * @param unstored why nothing will be stored, if that is known from the start
   */
  SpoolState(
      SpoolContext context,
      SpoolLock lock,
      SliceWindow window,
      SpoolReaders readers,
      Spool.Storing storing,
      OptionalLong length,
      String unstored) {
    this.context = context;
    this.settings = context.settings();
    this.lock = lock;
    this.window = window;
    this.readers = readers;
    this.unstored = unstored;
    this.chunkBytes = settings.chunkBytesFor(length.orElse(0));
    this.memoryOnly = storing == Spool.Storing.WINDOW;
    this.mode =
        memoryOnly
            ? Mode.WINDOW
            : length.orElse(0) > settings.shortBodyBytes() ? Mode.FILES : Mode.MEMORY;
  }

  // --- what is there

  long chunkBytes() {
    return chunkBytes;
  }

  SliceWindow window() {
    return window;
  }

  /** Null while one stream brings everything. */
  @Nullable SpoolGrid grid() {
    return grid;
  }

  boolean isInMemory() {
    return mode == Mode.MEMORY;
  }

  boolean isInFiles() {
    return mode == Mode.FILES;
  }

  /** Whether there are files to write into. */
  boolean isWriting() {
    return mode == Mode.FILES && failure == null && !released;
  }

  boolean isEnded() {
    return ended;
  }

  boolean isReleased() {
    return released;
  }

  @Nullable Throwable failure() {
    return failure;
  }

  /** Why nothing is stored. */
  String unstored() {
    return unstored;
  }

  /** The bytes before this were written from the window. */
  long flushed() {
    return flushed;
  }

  /** The bytes before this have all come. */
  long received() {
    SpoolGrid spread = grid;
    if (spread == null) {
      return window.end();
    }
    long front = spread.frontier();
    return front >= flushed && front <= window.end() ? window.end() : front;
  }

  /** Where the first stream stands: what it brings next belongs there. */
  long streamed() {
    return window.end();
  }

  /** All that comes, once it is known. */
  long totalBytes() {
    SpoolGrid spread = grid;
    return spread == null ? window.end() : spread.totalBytes();
  }

  /** Bytes in the file of the chunk in which the offset is, from there on. */
  long onDisk(long offset) {
    SpoolGrid spread = grid;
    if (released) {
      return 0;
    }
    return spread == null
        ? Math.min(chunkBytes - offset % chunkBytes, flushed - offset)
        : spread.readable(offset);
  }

  // --- what comes

  /** Takes bytes of the first stream; {@code more} is called once more are wanted after WAIT. */
  BodyPump.Demand append(ByteString bytes, Runnable more) {
    boolean cut = false;
    SpoolGrid spread = grid;
    if (spread == null) {
      window.add(bytes);
    } else {
      window.add(bytes.take(spread.acceptable(window.end(), bytes.size())));
      cut = !spread.owns(window.end());
    }
    if (mode == Mode.MEMORY && window.end() > settings.shortBodyBytes()) {
      mode = Mode.FILES;
    }
    trim();
    boolean wanted = cut || wantsMore();
    resume = wanted ? null : more;
    return cut ? BodyPump.Demand.ENOUGH : wanted ? BodyPump.Demand.MORE : BodyPump.Demand.WAIT;
  }

  /** Others may bring parts from here on. */
  void spread(long totalBytes) {
    SpoolGrid spread = new SpoolGrid(totalBytes, chunkBytes);
    spread.startAt(flushed, window.end());
    grid = spread;
  }

  /** So many bytes of the window are in files now. */
  void flushed(int bytes) {
    flushed += bytes;
    SpoolGrid spread = grid;
    if (spread != null && bytes > 0) {
      int index = spread.indexOf(flushed - 1);
      spread.reached(index, flushed - spread.startOf(index)); // made while the part was written
    }
    makeRoom();
  }

  // --- what changes

  void toFiles() {
    mode = Mode.FILES;
  }

  void end() {
    ended = true;
  }

  /** False if it was before. */
  boolean release() {
    boolean first = !released;
    released = true;
    return first;
  }

  /** False if it had failed before. */
  boolean fail(Throwable cause) {
    if (failure != null) {
      return false;
    }
    failure = cause;
    resume = null;
    return true;
  }

  /** From here on in memory only, at the readers' pace; false if it was so before. */
  boolean stopStoring(String reason) {
    if (mode == Mode.WINDOW || released) {
      return false;
    }
    mode = Mode.WINDOW;
    unstored = reason;
    SpoolGrid spread = grid;
    if (spread != null) {
      spread.leaveToFirstStream(); // for the parts of others there are no files any more
    }
    makeRoom();
    return true;
  }

  /** In WINDOW a reader's progress is what makes room. */
  void afterReading() {
    if (mode == Mode.WINDOW) {
      makeRoom();
    }
  }

  // --- memory

  private void makeRoom() {
    trim();
    Runnable waiting = resume;
    if (waiting != null && wantsMore()) {
      resume = null;
      lock.afterwards(waiting);
    }
  }

  private boolean wantsMore() {
    return switch (mode) {
      case MEMORY -> true;
      case FILES -> window.end() - flushed < context.windowBytes() / 2;
      case WINDOW -> !isFull();
    };
  }

  private boolean isFull() {
    long limit = memoryOnly ? settings.shareLimitBytes() : context.windowBytes();
    return window.end() - window.start() >= limit;
  }

  private void trim() {
    switch (mode) {
      case MEMORY -> {}
      case FILES -> {
        if (!isShort()) {
          window.dropBefore(Math.min(flushed, window.end() - context.windowBytes()));
        }
      }
      case WINDOW -> {
        if (isFull()) {
          window.dropBefore(readers.pace(released ? 0 : flushed));
        }
      }
    }
  }

  /** A short body stays in memory as a whole: its readers need no file, during and after. */
  private boolean isShort() {
    return ended && window.end() <= settings.shortBodyBytes();
  }
}
