package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the chunks of a disk again and again, slowly, and removes those whose bytes are not what
 * their name says: the next reader gets them from the object store or the origin, and does not find
 * out when a part of its answer is out already.
 *
 * <p>It reads files, not the mappings of readers, and pins nothing. Each pass takes the sixteen
 * first digits of names in another order, so that a process that is restarted often does not read
 * the same ones every time.
 */
final class Scrubber implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Scrubber.class);
  private static final int BLOCK_BYTES = 64 << 10;

  /** Shorter pauses are gathered: a sleep is seldom shorter than this. */
  private static final long SHORTEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Sleeps; tests count instead. */
  @FunctionalInterface
  interface Pause {
    void nanos(long nanos) throws InterruptedException;
  }

  private final DiskChunkStore disk;
  private final StoreSettings.Scrub settings;
  private final Pause pause;
  private final ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
  private final LongAdder bytes = new LongAdder();
  private final LongAdder damaged = new LongAdder();
  private final LongAdder passes = new LongAdder();
  private final @Nullable Thread thread;
  private long owedNanos;
  private volatile boolean closed;

  private Scrubber(
      DiskChunkStore disk, StoreSettings.Scrub settings, Pause pause, boolean background) {
    this.disk = disk;
    this.settings = settings;
    this.pause = pause;
    this.thread =
        background ? Thread.ofPlatform().daemon().name("weir-scrub").unstarted(this::run) : null;
  }

  /** One that runs in the background from now on, unless its settings say never. */
  static Scrubber start(DiskChunkStore disk, StoreSettings.Scrub settings) {
    Scrubber scrubber =
        new Scrubber(disk, settings, TimeUnit.NANOSECONDS::sleep, settings.bytesPerSecond() > 0);
    if (scrubber.thread != null) {
      scrubber.thread.start();
    }
    return scrubber;
  }

  /** One whose passes are made by its caller. */
  static Scrubber byHand(DiskChunkStore disk, StoreSettings.Scrub settings, Pause pause) {
    return new Scrubber(disk, settings, pause, false);
  }

  private void run() {
    try {
      while (!closed) {
        long begunNanos = System.nanoTime();
        pass();
        long took = System.nanoTime() - begunNanos;
        long interval = TimeUnit.MILLISECONDS.toNanos(settings.intervalMillis());
        pause.nanos(Math.max(SHORTEST_PAUSE_NANOS, interval - took));
      }
    } catch (InterruptedException _) {
      log.debug("The scrubber ends");
    }
  }

  /** Reads every chunk once. */
  void pass() throws InterruptedException {
    List<Character> digits = new ArrayList<>();
    "0123456789abcdef".chars().forEach(digit -> digits.add((char) digit));
    Collections.shuffle(digits);
    for (char digit : digits) {
      try {
        passOver(digit);
      } catch (StoreException | IOException | UncheckedIOException unreadable) {
        log.warn(
            "Chunks {}... could not all be read again: {}",
            digit,
            LogText.escape(unreadable.toString()));
      }
    }
    passes.increment();
  }

  private void passOver(char firstDigit) throws IOException, InterruptedException {
    try (Stream<ChunkStore.Held> all = disk.list(firstDigit)) {
      for (ChunkStore.Held chunk : (Iterable<ChunkStore.Held>) all::iterator) {
        if (closed) {
          return;
        }
        // The store looks for itself: a sound file may have come in its place meanwhile.
        if (!isSound(chunk.id()) && disk.removeIfDamaged(chunk.id(), chunk.lengthBytes())) {
          damaged.increment();
        }
      }
    }
  }

  /** What is not there any more has nothing to be found. */
  private boolean isSound(ChunkId id) throws IOException, InterruptedException {
    MessageDigest sha256 = Sha256.begin();
    try (FileChannel file = FileChannel.open(disk.path(id), StandardOpenOption.READ)) {
      while (file.read(block.clear()) >= 0) {
        block.flip();
        pace(block.remaining());
        sha256.update(block);
      }
    } catch (NoSuchFileException _) {
      return true;
    }
    return HexFormat.of().formatHex(sha256.digest()).equals(id.hex());
  }

  private void pace(int read) throws InterruptedException {
    bytes.add(read);
    owedNanos += TimeUnit.SECONDS.toNanos(read) / Math.max(1, settings.bytesPerSecond());
    if (owedNanos >= SHORTEST_PAUSE_NANOS) {
      pause.nanos(owedNanos);
      owedNanos = 0;
    }
  }

  /** Read since the start; for metrics. */
  long bytes() {
    return bytes.sum();
  }

  /** Damaged chunks that were found and removed; for metrics. */
  long damaged() {
    return damaged.sum();
  }

  /** Passes that came to their end; for metrics. */
  long passes() {
    return passes.sum();
  }

  @Override
  public void close() {
    closed = true;
    Thread running = thread;
    if (running == null) {
      return;
    }
    running.interrupt();
    try {
      running.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
