package dev.weir.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Whether this node should be sent requests. It is ready once it listens and until it drains; parts
 * that are down degrade it, and are named. Reports are kept for a moment, so that probes cost
 * nothing.
 */
public final class Readiness {
  /** What {@code /health} says. */
  public sealed interface Report {
    record Ready() implements Report {}

    record Degraded(List<String> reasons) implements Report {}

    record Unready(String reason) implements Report {}
  }

  private final Map<String, Supplier<CompletionStage<Optional<String>>>> parts =
      new LinkedHashMap<>();
  private final Map<String, Supplier<Optional<String>>> needed = new LinkedHashMap<>();
  private final long cacheNanos;
  private final long probeTimeoutMillis;
  private final LongSupplier nanoTime;
  private volatile Kept kept;
  private volatile boolean draining;

  private record Kept(long untilNanos, CompletionStage<Report> report) {}

  public Readiness(AdminSettings settings, LongSupplier nanoTime) {
    this.cacheNanos = TimeUnit.MILLISECONDS.toNanos(settings.healthCacheMillis());
    this.probeTimeoutMillis = settings.probeTimeoutMillis();
    this.nanoTime = nanoTime;
    this.kept =
        new Kept(nanoTime.getAsLong(), CompletableFuture.completedFuture(new Report.Ready()));
  }

  /** A part with a name, and what is wrong with it or nothing. To be called before serving. */
  public Readiness part(String name, Supplier<CompletionStage<Optional<String>>> problem) {
    parts.put(name, problem);
    return this;
  }

  /** Something without which this node is not ready at all: what is missing, or nothing. */
  public Readiness needs(String name, Supplier<Optional<String>> missing) {
    needed.put(name, missing);
    return this;
  }

  public void drain() {
    draining = true;
  }

  public CompletionStage<Report> report() {
    if (draining) {
      return CompletableFuture.completedFuture(new Report.Unready("draining"));
    }
    for (Map.Entry<String, Supplier<Optional<String>>> need : needed.entrySet()) {
      Optional<String> missing = need.getValue().get();
      if (missing.isPresent()) {
        return CompletableFuture.completedFuture(
            new Report.Unready(need.getKey() + ": " + missing.get()));
      }
    }
    long now = nanoTime.getAsLong();
    Kept last = kept;
    if (last.untilNanos() - now > 0) {
      return last.report();
    }
    CompletionStage<Report> fresh = ask();
    kept = new Kept(now + cacheNanos, fresh);
    return fresh;
  }

  private CompletionStage<Report> ask() {
    List<CompletableFuture<Optional<String>>> answers = new ArrayList<>();
    parts.forEach((name, problem) -> answers.add(askOne(name, problem)));
    return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .thenApply(
            all -> {
              List<String> reasons =
                  answers.stream()
                      .flatMap(answer -> answer.getNow(Optional.empty()).stream())
                      .toList();
              return reasons.isEmpty() ? new Report.Ready() : new Report.Degraded(reasons);
            });
  }

  private CompletableFuture<Optional<String>> askOne(
      String name, Supplier<CompletionStage<Optional<String>>> problem) {
    CompletableFuture<Optional<String>> asked;
    try {
      asked = problem.get().toCompletableFuture().copy();
    } catch (RuntimeException failure) {
      asked = CompletableFuture.failedFuture(failure);
    }
    return asked
        .orTimeout(probeTimeoutMillis, TimeUnit.MILLISECONDS)
        .handle(
            (answer, failure) ->
                failure == null
                    ? answer.map(text -> name + ": " + text)
                    : Optional.of(
                        name + ": no answer (" + failure.getClass().getSimpleName() + ")"));
  }
}
