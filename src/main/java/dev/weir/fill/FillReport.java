package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.fill.Fill.End;
import dev.weir.origin.OriginFailure;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What one fill tells its keeper (its head, its progress and, once, how it ended) and those who
 * wait for its end. Whoever ends it first has decided; what comes after that is not heard.
 *
 * <p>A fill without a grant has no keeper: it tells nobody, and commits nothing.
 */
final class FillReport {
  private final FillContext context;
  private final Audience audience;
  private final CompletableFuture<End> end = new CompletableFuture<>();

  /** The keeper has been told how it ended, or will be by the commit: no more progress. */
  private final AtomicBoolean told = new AtomicBoolean();

  /** What this node may commit under; a follower gets one if it takes the lead. */
  private volatile @Nullable Grant grant;

  private volatile long endedNanos;

  FillReport(FillContext context, Audience audience, @Nullable Grant grant) {
    this.context = context;
    this.audience = audience;
    this.grant = grant;
  }

  CompletionStage<End> end() {
    return end;
  }

  boolean isEnded() {
    return end.isDone();
  }

  boolean isBroken() {
    return end.getNow(null) instanceof End.Broken;
  }

  /** Whether it ended after that moment ({@link System#nanoTime}). */
  boolean endedAfter(long nanos) {
    return isEnded() && endedNanos - nanos > 0;
  }

  @Nullable Grant grant() {
    return grant;
  }

  /** From here on this node leads the fill; false if it has ended: then nobody here can. */
  boolean granted(Grant given) {
    grant = given;
    return !told.get() && !isEnded();
  }

  void head(FillIntent intent) {
    Grant leading = grant;
    if (leading != null) {
      context.events().head(leading, intent);
    }
  }

  void progress(long bytes) {
    Grant leading = grant;
    if (leading != null && !told.get()) {
      context.events().progress(leading, bytes);
    }
  }

  /**
   * Has the keeper make the entry visible and ends as that comes out.
   *
   * @return the entry as it was stored, or null if it was not; never fails
   */
  CompletionStage<@Nullable Entry> commit(
      Grant leading, Entry entry, List<String> vary, long timeoutMillis) {
    told.set(true);
    return context
        .events()
        .commit(leading, entry, vary)
        .toCompletableFuture()
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .handle((commit, failed) -> committed(commit));
  }

  private @Nullable Entry committed(FillEvents.@Nullable Commit commit) {
    switch (commit) {
      case FillEvents.Commit.Done(Entry entry) -> {
        finish(new End.Committed(entry));
        return entry;
      }
      case FillEvents.Commit.Discarded(String reason) -> unstored(reason);
      case null -> unstored("keeper-timeout");
    }
    return null;
  }

  /**
   * Has another node lead it from here on.
   *
   * @param letGo see {@link FillEvents#handOver}
   * @return whether one does
   */
  CompletionStage<Boolean> handOver(FillIntent.Store intent, Runnable letGo) {
    Grant leading = grant;
    if (leading == null || !told.compareAndSet(false, true)) {
      letGo.run();
      return CompletableFuture.completedStage(false);
    }
    return context
        .events()
        .handOver(leading, intent, letGo)
        .thenApply(
            goesOn -> {
              if (goesOn) {
                context.metrics().handedOver.increment();
              }
              return goesOn;
            });
  }

  /** Nothing will be stored, though the bytes go on to their one reader. */
  void relaying(String reason) {
    tell(FillEvents.Ending.UNCACHEABLE, reason);
  }

  /** All bytes came, but for that reason nothing is stored; the keeper knows, or need not. */
  void unstored(String reason) {
    finish(new End.Unstored(reason));
  }

  /** All bytes came, but for that reason they cannot be stored. */
  void unstorable(String reason) {
    tell(FillEvents.Ending.ABANDONED, reason);
    unstored(reason);
  }

  void failed(OriginFailure failure) {
    tell(FillEvents.Ending.FAILED, failure.kind().label());
    broken(failure);
  }

  /** As failed, where the keeper knows already that there is nothing to commit. */
  void broken(OriginFailure failure) {
    finish(new End.Broken(failure.kind().label()));
  }

  /** It was ended before its time. */
  void stopped(String reason) {
    tell(FillEvents.Ending.ABANDONED, reason);
    finish(new End.Broken(reason));
  }

  private void tell(FillEvents.Ending ending, String reason) {
    boolean first = told.compareAndSet(false, true);
    Grant leading = grant; // read after that: a grant that comes now finds it told
    if (first && leading != null) {
      context.events().ended(leading, ending, reason);
    }
  }

  private void finish(End how) {
    if (isEnded()) {
      return;
    }
    endedNanos = System.nanoTime();
    if (!end.complete(how)) {
      return;
    }
    audience.expect();
    FillMetrics metrics = context.metrics();
    switch (how) {
      case End.Committed committed -> metrics.committed.increment();
      case End.Unstored unstored -> metrics.unstored.increment();
      case End.Broken broken -> metrics.broken.increment();
    }
  }
}
