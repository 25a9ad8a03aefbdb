package dev.weir.cache;

import dev.weir.fill.FillEvents;
import dev.weir.fill.Succession;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Replies of keepers that somebody on this node awaits, by number. */
final class Replies {
  private final AtomicLong ids = new AtomicLong();
  private final ConcurrentHashMap<Long, CompletableFuture<FillEvents.Commit>> commits =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<Boolean>> dones =
      new ConcurrentHashMap<>();

  private final ConcurrentHashMap<Long, CompletableFuture<Succession>> successions =
      new ConcurrentHashMap<>();

  private final long longestMillis;

  /**
   * Awaits nothing yet.
   *
   * @param longestMillis after which a reply is awaited no more, should nobody have given it less
   */
  Replies(long longestMillis) {
    this.longestMillis = longestMillis;
  }

  /** Whoever awaits it puts a limit of time of its own on the stage. */
  record Awaited<T>(long id, CompletableFuture<T> stage) {}

  Awaited<FillEvents.Commit> awaitCommit() {
    return await(commits);
  }

  Awaited<Boolean> awaitDone() {
    return await(dones);
  }

  Awaited<Succession> awaitSuccession() {
    return await(successions);
  }

  /** False if nobody awaits it any more. */
  boolean succeeded(long id, Succession succession) {
    CompletableFuture<Succession> awaited = successions.remove(id);
    return awaited != null && awaited.complete(succession);
  }

  void committed(long id, FillEvents.Commit commit) {
    CompletableFuture<FillEvents.Commit> awaited = commits.remove(id);
    if (awaited != null) {
      awaited.complete(commit);
    }
  }

  void done(long id, boolean done) {
    CompletableFuture<Boolean> awaited = dones.remove(id);
    if (awaited != null) {
      awaited.complete(done);
    }
  }

  /** No reply will come any more. */
  void failAll() {
    commits.keySet().forEach(id -> committed(id, new FillEvents.Commit.Discarded("no-fabric")));
    dones.keySet().forEach(id -> done(id, false));
  }

  int size() {
    return commits.size() + dones.size() + successions.size();
  }

  private <T> Awaited<T> await(ConcurrentHashMap<Long, CompletableFuture<T>> awaited) {
    long id = ids.incrementAndGet();
    CompletableFuture<T> stage = new CompletableFuture<>();
    awaited.put(id, stage);
    CompletionStage<T> settled = stage.orTimeout(longestMillis, TimeUnit.MILLISECONDS);
    settled.whenComplete((reply, failed) -> awaited.remove(id));
    return new Awaited<>(id, stage);
  }
}
