package dev.weir.store;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;

/**
 * One reader's view of a chunk of this disk whose digest is computed when its turn comes: if it is
 * damaged, the object store's is brought instead, so that it costs the reader some time and not the
 * rest of its body.
 */
final class DoubtfulChunk implements ChunkReader {
  private final ChunkReader here;
  private final ChunkReader elsewhere;
  private volatile boolean replaced;

  /** Both are closed with it. */
  DoubtfulChunk(ChunkReader here, ChunkReader elsewhere) {
    this.here = here;
    this.elsewhere = elsewhere;
  }

  /** Without the lock, which is held while a digest is computed: a stream's thread asks. */
  private ChunkReader now() {
    return replaced ? elsewhere : here;
  }

  @Override
  public long lengthBytes() {
    return here.lengthBytes();
  }

  @Override
  public synchronized boolean sound() {
    if (!replaced && !here.sound()) {
      replaced = true;
      here.close();
    }
    return now().sound();
  }

  @Override
  public ByteString read(long offset, int max) {
    return now().read(offset, max);
  }

  @Override
  public boolean resident(long offset, int length) {
    return now().resident(offset, length);
  }

  @Override
  public CompletionStage<Integer> ready(long offset, int length) {
    return now().ready(offset, length);
  }

  @Override
  public boolean isHere() {
    return now().isHere();
  }

  @Override
  public void prefetch() {
    now().prefetch();
  }

  @Override
  public void suspect() {
    now().suspect();
  }

  @Override
  public void close() {
    here.close();
    elsewhere.close();
  }
}
