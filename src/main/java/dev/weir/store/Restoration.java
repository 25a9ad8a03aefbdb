package dev.weir.store;

import dev.weir.store.Bodies.MissingChunk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One missing chunk on its way back from its origin: a spool file, hashed as it is written, which
 * becomes the chunk if it has its digest. Everything here blocks. A stream that breaks may end it
 * while its last write is still under way.
 */
final class Restoration {
  private static final Logger log = LoggerFactory.getLogger(Restoration.class);

  private final MissingChunk chunk;
  private final ChunkStore disk;
  private final @Nullable Arrivals arrivals;
  private final MessageDigest sha256 = Sha256.begin();
  private @Nullable Path file;
  private @Nullable FileChannel channel;
  private long written;
  private boolean over;

  Restoration(MissingChunk chunk, ChunkStore disk, @Nullable Arrivals arrivals) {
    this.chunk = chunk;
    this.disk = disk;
    this.arrivals = arrivals;
  }

  synchronized long write(ByteString bytes) throws IOException {
    if (over) {
      throw new StoreException("The stream of a chunk has ended already.");
    }
    FileChannel open = channel;
    if (open == null) {
      Path made = disk.newSpoolFile();
      file = made;
      open = FileChannel.open(made, StandardOpenOption.WRITE);
      channel = open;
    }
    if (written + bytes.size() > chunk.lengthBytes()) {
      throw new StoreException("More bytes came than the chunk has.");
    }
    for (ByteBuffer part : bytes.getByteBuffers()) {
      sha256.update(part.duplicate());
      while (part.hasRemaining()) {
        written += open.write(part);
      }
    }
    return written;
  }

  /** Adopts the chunk, if all has come and is what it should be. */
  synchronized CompletionStage<Boolean> finish(boolean whole) throws IOException {
    over = true;
    FileChannel open = channel;
    Path spool = file;
    if (open == null || spool == null) {
      return CompletableFuture.completedFuture(false);
    }
    open.close();
    boolean sound =
        whole
            && written == chunk.lengthBytes()
            && HexFormat.of().formatHex(sha256.digest()).equals(chunk.id().hex());
    if (!sound) {
      Files.deleteIfExists(spool);
      return CompletableFuture.completedFuture(false);
    }
    return disk.adopt(chunk.id(), spool, chunk.lengthBytes())
        .whenComplete(
            (pin, failure) -> {
              if (failure != null) {
                discard();
              }
            })
        .thenApply(this::adopted);
  }

  /** Leaves nothing behind, where nobody could finish it. */
  synchronized void discard() {
    over = true;
    try {
      FileChannel open = channel;
      if (open != null) {
        open.close();
      }
      Path spool = file;
      if (spool != null) {
        Files.deleteIfExists(spool);
      }
    } catch (IOException e) {
      log.debug("A spool file stays until the next start: {}", e.toString());
    }
  }

  /** Pinned until the object store has it too: until then it may be the only one. */
  private boolean adopted(ChunkReader pin) {
    log.info("Chunk {} is whole again", chunk.id().hex());
    Arrivals home = arrivals;
    if (home == null) {
      pin.close();
      return true;
    }
    home.putBack(chunk.id(), chunk.lengthBytes(), pin);
    return true;
  }
}
