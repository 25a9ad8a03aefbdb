package dev.weir.store;

import dev.weir.entry.ChunkId;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A chunk of the disk that is pinned or kept mapped; all fields change under its stripe's lock. */
final class ChunkSlot {
  final ChunkId id;
  final ChunkFile file;
  int readers;

  /** Adopted by a fill and perhaps never committed. */
  boolean adopted;

  /** Its file has been replaced or removed. */
  boolean detached;

  private @Nullable CompletableFuture<Boolean> condemned;

  ChunkSlot(ChunkId id, ChunkFile file) {
    this.id = id;
    this.file = file;
  }

  boolean wantsCollection() {
    return adopted || condemned != null;
  }

  boolean isCondemned() {
    return condemned != null;
  }

  /** Somebody wants the chunk again: whoever waits for its end learns that it stays. */
  void revoke() {
    CompletableFuture<Boolean> gone = condemned;
    condemned = null;
    if (gone != null) {
      gone.complete(false);
    }
  }

  /** It is to go once nobody reads it; completes with whether it has gone. */
  CompletableFuture<Boolean> condemn() {
    CompletableFuture<Boolean> gone = condemned;
    if (gone == null) {
      gone = new CompletableFuture<>();
      condemned = gone;
    }
    return gone;
  }

  /** Whoever waits for its end learns what came of it. */
  void collected(boolean gone) {
    if (condemned != null) {
      condemned.complete(gone);
    }
  }
}
