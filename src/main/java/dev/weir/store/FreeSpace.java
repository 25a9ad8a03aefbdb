package dev.weir.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The free bytes of a folder's file system, asked of the operating system once in 500 ms. */
final class FreeSpace {
  private static final long KEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** What was read and when, in one reference so that readers see both. */
  private record Reading(long bytes, long atNanos) {}

  private final Path folder;
  private volatile Reading last;

  FreeSpace(Path folder) {
    this.folder = folder;
    this.last = read();
  }

  long usableBytes() {
    Reading reading = last;
    if (System.nanoTime() - reading.atNanos > KEEP_NANOS) {
      reading = read();
      last = reading;
    }
    return reading.bytes;
  }

  /**
   * A folder that cannot be asked counts as having room: the write itself will say what is wrong.
   */
  private Reading read() {
    try {
      return new Reading(Files.getFileStore(folder).getUsableSpace(), System.nanoTime());
    } catch (IOException _) {
      return new Reading(Long.MAX_VALUE, System.nanoTime());
    }
  }
}
