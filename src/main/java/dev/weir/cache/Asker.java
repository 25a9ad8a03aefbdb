package dev.weir.cache;

import dev.weir.entry.VariantKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** One request on its way to a verdict. */
final class Asker {
  private final Question question;
  private final CompletableFuture<Verdict> verdict = new CompletableFuture<>();
  private final Executor executor;
  private final long askedNanos = System.nanoTime();
  private int rounds;
  private List<String> vary = List.of();

  Asker(Question question, Executor executor) {
    this.question = question;
    this.executor = executor;
  }

  Question question() {
    return question;
  }

  /** When it came. */
  long askedNanos() {
    return askedNanos;
  }

  CompletableFuture<Verdict> verdict() {
    return verdict;
  }

  /** Counts how often it has been sent on; called by one thread at a time. */
  int nextRound() {
    return ++rounds;
  }

  /** The round that just ended does not count: it was nobody's answer. */
  void lessRounds() {
    rounds--;
  }

  /** Asks by these names from here on; called by one thread at a time. */
  KeeperCommand.Place by(List<String> names) {
    vary = names;
    return asked();
  }

  /** What it has asked for last. */
  KeeperCommand.Place asked() {
    return new KeeperCommand.Place(
        vary, vary.isEmpty() ? VariantKey.NONE : question.variant().apply(vary));
  }

  /** What hangs on the verdict runs on the executor, not on the thread that found it. */
  void answer(Verdict answer) {
    executor.execute(() -> verdict.complete(answer));
  }
}
