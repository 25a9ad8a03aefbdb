package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One chunk on its way from the object store: written to a spool file and hashed as it comes, read
 * from there by any number of readers meanwhile, and adopted by the disk when it is whole and has
 * the digest that names it. The last piece is kept back until then, so that no reader ends well
 * with wrong bytes.
 *
 * <p>A stream that breaks is resumed by range where it broke, a few times. The file lives as long
 * as a reader holds the arrival; whether somebody reads or not, a fetch that has begun is finished.
 * One that has not is given up with its last reader.
 */
final class Arrival {
  private static final Logger log = LoggerFactory.getLogger(Arrival.class);

  /** What is kept back; a smaller chunk is seen whole or not at all. */
  static final long LAST_PIECE_BYTES = 64 << 10;

  private record Waiter(long offset, CompletableFuture<Long> stage) {}

  private final ChunkId id;
  private final long lengthBytes;
  private final Arrivals.Means means;
  private final Arrivals owner;
  private final MessageDigest sha256 = Sha256.begin();
  private final List<Waiter> waiters = new ArrayList<>();
  private volatile @Nullable FileChannel channel;
  private @Nullable Path file;
  private @Nullable ChunkReader adopted;
  private @Nullable Throwable failure;
  private long written;
  private long readable;
  private int attempts;

  /** Readers, and the fetch itself. */
  private int holders = 2;

  Arrival(ChunkId id, long lengthBytes, Arrivals.Means means, Arrivals owner) {
    this.id = id;
    this.lengthBytes = lengthBytes;
    this.means = means;
    this.owner = owner;
  }

  ChunkId id() {
    return id;
  }

  /** One more reader; false if it is over already. */
  synchronized boolean retain() {
    if (holders == 0 || failure != null) {
      return false;
    }
    holders++;
    return true;
  }

  void release() {
    FileChannel open;
    ChunkReader pin;
    int left;
    synchronized (this) {
      left = --holders;
      open = channel;
      pin = adopted;
    }
    if (left == 1 && owner.giveUp(this)) {
      forgo();
    }
    if (left > 0) {
      return;
    }
    owner.forget(this);
    if (pin != null) {
      pin.close();
    }
    if (open != null) {
      close(open);
    }
  }

  /** Whether no reader holds it, but only the fetch, which may not have begun. */
  synchronized boolean isUnread() {
    return holders == 1;
  }

  /** It never began, nor ever will. */
  private void forgo() {
    StoreException unwanted =
        new StoreException(
            StoreException.Kind.UNAVAILABLE, "Chunk " + id.hex() + " is not wanted any more.");
    over(unwanted).forEach(waiter -> waiter.stage().completeExceptionally(unwanted));
    release();
  }

  private static void close(FileChannel open) {
    try {
      open.close();
    } catch (IOException e) {
      log.debug("A spool file was not closed: {}", e.toString());
    }
  }

  /** Completes with the end of what can be read, as soon as that is beyond the offset. */
  CompletionStage<Long> beyond(long offset) {
    synchronized (this) {
      if (readable > offset) {
        return CompletableFuture.completedStage(readable);
      }
      Throwable failed = failure;
      if (failed != null) {
        return CompletableFuture.failedStage(failed);
      }
      Waiter waiter = new Waiter(offset, new CompletableFuture<>());
      waiters.add(waiter);
      return waiter.stage();
    }
  }

  /** Blocks for the time of a read from the page cache. */
  ByteString read(long offset, int max) {
    FileChannel open = channel;
    if (open == null) {
      return fromDisk(offset, max);
    }
    ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(max, lengthBytes - offset));
    try {
      while (buffer.hasRemaining()) {
        if (open.read(buffer, offset + buffer.position()) < 0) {
          throw new StoreException("Chunk " + id.hex() + " has been cut off while it arrived.");
        }
      }
    } catch (IOException e) {
      throw StoreException.of("Chunk " + id.hex() + " cannot be read while it arrives", e);
    }
    return ByteString.fromArrayUnsafe(buffer.array());
  }

  private ByteString fromDisk(long offset, int max) {
    ChunkReader here;
    synchronized (this) {
      here = adopted;
    }
    if (here == null) {
      throw new StoreException("Chunk " + id.hex() + " has not begun to arrive.");
    }
    return here.read(offset, max);
  }

  void begin() {
    means
        .pool()
        .call(this::isHereAlready)
        .whenComplete(
            (here, failed) -> {
              if (failed == null && here) {
                reached(lengthBytes);
                end(null);
              } else if (failed == null) {
                owner.fetching();
                fetch();
              } else {
                end(failed);
              }
            });
  }

  /** It may have come after its reader looked for it; otherwise there is a file for it now. */
  private boolean isHereAlready() throws IOException {
    Optional<ChunkReader> here = means.disk().open(id, lengthBytes);
    if (here.isPresent() && here.get().sound()) {
      synchronized (this) {
        adopted = here.get();
      }
      return true;
    }
    here.ifPresent(ChunkReader::close);
    Path spool = means.disk().newSpoolFile();
    file = spool;
    channel = FileChannel.open(spool, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return false;
  }

  /**
   * What came before a break is written like the rest, and only then is the stream taken up again:
   * while a write is under way nobody knows where.
   */
  private void fetch() {
    AtomicReference<@Nullable Throwable> broken = new AtomicReference<>();
    means
        .objects()
        .read(id, written, lengthBytes)
        .mapError(
            Throwable.class,
            failed -> {
              broken.set(failed);
              return failed;
            })
        .onErrorComplete()
        .groupedWeightedWithin(
            means.settings().writeBatchBytes(),
            piece -> (long) piece.size(),
            Duration.ofMillis(means.settings().writeWithinMillis()))
        .mapAsync(1, pieces -> means.pool().call(() -> write(pieces)))
        .runWith(Sink.ignore(), means.materializer())
        .whenComplete((_, unwritten) -> fetched(unwritten == null ? broken.get() : unwritten));
  }

  private void fetched(@Nullable Throwable failed) {
    if (failed == null) {
      means
          .pool()
          .call(this::finish)
          .thenCompose(adoption -> adoption)
          .whenComplete(this::finished);
    } else if (mayResume(failed)) {
      fetch();
    } else {
      end(failed);
    }
  }

  private boolean mayResume(Throwable failed) {
    return kind(failed) == StoreException.Kind.UNAVAILABLE
        && written > 0
        && ++attempts <= means.settings().resumes();
  }

  private static StoreException.@Nullable Kind kind(Throwable failed) {
    return cause(failed) instanceof StoreException known ? known.kind() : null;
  }

  private static Throwable cause(Throwable failed) {
    return failed instanceof CompletionException && failed.getCause() != null
        ? failed.getCause()
        : failed;
  }

  /** Not joined before: that would copy every byte once more. */
  private long write(List<ByteString> pieces) throws IOException {
    FileChannel open = channel;
    if (open == null) {
      throw new IOException("no file");
    }
    List<ByteBuffer> parts = new ArrayList<>();
    for (ByteString piece : pieces) {
      piece.getByteBuffers().forEach(parts::add);
    }
    long bytes = 0;
    for (ByteBuffer part : parts) {
      bytes += part.remaining();
      sha256.update(part.duplicate());
    }
    ByteBuffer[] rest = parts.toArray(ByteBuffer[]::new);
    for (long left = bytes; left > 0; ) {
      left -= open.write(rest);
    }
    written += bytes;
    reached(Math.min(written, lengthBytes - LAST_PIECE_BYTES));
    return written;
  }

  private void reached(long now) {
    List<Waiter> awake = new ArrayList<>();
    synchronized (this) {
      if (now <= readable) {
        return;
      }
      readable = now;
      waiters.removeIf(waiter -> waiter.offset() < now && awake.add(waiter));
    }
    awake.forEach(waiter -> waiter.stage().complete(now));
  }

  /** All bytes have come: they are what the name says, or nobody gets the last of them. */
  private CompletionStage<ChunkReader> finish() {
    String digest = HexFormat.of().formatHex(sha256.digest());
    if (written != lengthBytes || !digest.equals(id.hex())) {
      owner.distrust(id);
      log.warn("Chunk {} is damaged in the object store", id.hex());
      return CompletableFuture.failedStage(
          new StoreException(
              StoreException.Kind.ABSENT,
              "Chunk " + id.hex() + " is damaged in the object store; it will be replaced."));
    }
    reached(lengthBytes);
    Path spool = file;
    return spool == null
        ? CompletableFuture.failedStage(new StoreException("no file"))
        : keep(spool);
  }

  private CompletionStage<ChunkReader> keep(Path spool) {
    return means.settings().syncWrites()
        ? means.disk().adopt(id, spool, lengthBytes)
        : means.disk().adoptCopy(id, spool, lengthBytes);
  }

  /** Readers have all they want even if the disk would not keep it. */
  private void finished(@Nullable ChunkReader kept, @Nullable Throwable unfit) {
    synchronized (this) {
      adopted = kept;
    }
    end(unfit);
  }

  /** The fetch is over. */
  private void end(@Nullable Throwable failed) {
    List<Waiter> lost = over(failed);
    if (failed != null) {
      owner.forget(this);
      if (kind(failed) == StoreException.Kind.ABSENT) {
        owner.lost(id);
      }
    }
    owner.ended();
    if (failed != null) {
      lost.forEach(waiter -> waiter.stage().completeExceptionally(cause(failed)));
      deleteFile();
    }
    release();
  }

  /** From now on nobody waits, nor joins if it failed; returns who waited. */
  private synchronized List<Waiter> over(@Nullable Throwable failed) {
    if (failed != null) {
      failure = cause(failed);
    }
    List<Waiter> lost = List.copyOf(waiters);
    waiters.clear();
    return lost;
  }

  private void deleteFile() {
    Path spool = file;
    if (spool != null && !means.pool().tryRun(() -> delete(spool))) {
      log.debug("A spool file stays until the next start");
    }
  }

  private static void delete(Path spool) {
    try {
      Files.deleteIfExists(spool);
    } catch (IOException e) {
      log.debug("A spool file stays until the next start: {}", e.toString());
    }
  }
}
