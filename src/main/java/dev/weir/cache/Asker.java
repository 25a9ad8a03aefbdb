package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** One request on its way to a verdict. */
final class Asker {
  private final Question question;
  private final CompletableFuture<Verdict> verdict = new CompletableFuture<>();
  private final Executor executor;
  private final Consumer<Grant> unheard;
  private final long askedNanos = System.nanoTime();
  private int rounds;
  private List<String> vary = List.of();

  /**
   * @param unheard takes back a grant that came when the request waited no longer
   */
  Asker(Question question, Executor executor, Consumer<Grant> unheard) {
    this.question = question;
    this.executor = executor;
    this.unheard = unheard;
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
    executor.execute(
        () -> {
          if (!verdict.complete(answer)) {
            takeBack(answer);
          }
        });
  }

  private void takeBack(Verdict answer) {
    switch (answer) {
      case Verdict.Lead(Grant grant) -> unheard.accept(grant);
      case Verdict.Validate(Grant grant, Entry entry) -> unheard.accept(grant);
      case Verdict.Serve serve -> {}
      case Verdict.Follow follow -> {}
      case Verdict.Pass pass -> {}
    }
  }
}
