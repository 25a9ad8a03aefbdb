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
 * becomes the chunk if it has its digest. Used by one stream; everything here blocks.
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

  Restoration(MissingChunk chunk, ChunkStore disk, @Nullable Arrivals arrivals) {
    this.chunk = chunk;
    this.disk = disk;
    this.arrivals = arrivals;
  }

  long write(ByteString bytes) throws IOException {
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
  CompletionStage<Boolean> finish(boolean whole) throws IOException {
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
    return disk.adopt(chunk.id(), spool, chunk.lengthBytes()).thenApply(this::adopted);
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
