package dev.weir.mirror.links;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The bytes of documents that are in memory while they are rewritten: who finds none left waits in
 * turn, before anything of the document is read. Thread-safe.
 */
final class WorkBudget {
  private final long total;
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private long left;

  private record Waiting(long bytes, CompletableFuture<Long> turn) {}

  WorkBudget(long bytes) {
    this.total = bytes;
    this.left = bytes;
  }

  /** Completes with what was taken, to be given back: no more than there is at all. */
  CompletionStage<Long> take(long bytes) {
    long wanted = Math.min(bytes, total);
    synchronized (this) {
      if (!waiting.isEmpty() || left < wanted) {
        CompletableFuture<Long> turn = new CompletableFuture<>();
        waiting.addLast(new Waiting(wanted, turn));
        return turn;
      }
      left -= wanted;
    }
    return CompletableFuture.completedStage(wanted);
  }

  void giveBack(long bytes) {
    Deque<Waiting> next = new ArrayDeque<>();
    synchronized (this) {
      left += bytes;
      while (!waiting.isEmpty() && waiting.getFirst().bytes() <= left) {
        Waiting first = waiting.removeFirst();
        left -= first.bytes();
        next.addLast(first);
      }
    }
    next.forEach(one -> one.turn().complete(one.bytes()));
  }
}
