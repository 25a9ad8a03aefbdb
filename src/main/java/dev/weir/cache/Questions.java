package dev.weir.cache;

import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This node's questions that are on their way: one per key, intent and variant; requests that would
 * ask the same attach to it. A keeper that does not acknowledge, or does not answer after that, is
 * given up, and each request goes alone.
 */
final class Questions {
  private final ConcurrentHashMap<Same, Outstanding> bySame = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, Outstanding> byId = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<Answer>> own = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private final CacheSettings settings;
  private final KeeperMetrics metrics;

  Questions(CacheSettings settings, KeeperMetrics metrics) {
    this.settings = settings;
    this.metrics = metrics;
  }

  /** What makes two questions one. */
  private record Same(
      PrimaryKey key,
      Question.Intent intent,
      List<String> vary,
      VariantKey variant,
      KeeperCommand.@Nullable Seen seen) {}

  /** One question and the requests that wait for its answer; guarded by itself. */
  private static final class Outstanding {
    final long id;
    final @Nullable Same same;
    final long sentNanos = System.nanoTime();
    final List<Asker> askers = new ArrayList<>(1);
    CompletableFuture<Void> deadline = new CompletableFuture<>();
    boolean closed;

    Outstanding(long id, @Nullable Same same, Asker first) {
      this.id = id;
      this.same = same;
      askers.add(first);
    }

    /**
     * False if this request has to ask anew. So it has once the answer may have been on its way for
     * the term of a lease: a purge does not wait longer for a node that does not answer.
     */
    synchronized boolean attach(Asker asker, long leaseTermNanos) {
      boolean takes = !closed && System.nanoTime() - sentNanos < leaseTermNanos;
      if (takes) {
        askers.add(asker);
      }
      return takes;
    }

    synchronized List<Asker> close() {
      closed = true;
      deadline.cancel(false);
      List<Asker> all = List.copyOf(askers);
      askers.clear();
      return all;
    }

    synchronized void deadline(CompletableFuture<Void> next) {
      deadline.cancel(false);
      deadline = next;
      if (closed) {
        next.cancel(false);
      }
    }
  }

  /** Sends the question, or attaches to the same one. */
  void ask(Asker asker, List<String> vary, KeeperLink keepers, Consumer<Asker> unanswered) {
    Question question = asker.question();
    VariantKey variant = asker.by(vary).variant();
    KeeperCommand.Seen seen = KeeperCommand.Seen.of(question.held());
    Outstanding mine;
    if (question.mayWait()) {
      Same same = new Same(question.key(), question.intent(), vary, variant, seen);
      mine = new Outstanding(ids.incrementAndGet(), same, asker);
      Outstanding other = bySame.putIfAbsent(same, mine);
      while (other != null) {
        if (other.attach(asker, leaseTermNanos())) {
          metrics.attached.increment();
          return;
        }
        bySame.remove(same, other);
        other = bySame.putIfAbsent(same, mine);
      }
    } else {
      mine = new Outstanding(ids.incrementAndGet(), null, asker);
    }
    metrics.questions.increment();
    byId.put(mine.id, mine);
    expire(mine, settings.ackTimeoutMillis(), unanswered);
    keepers.send(
        question.key(),
        new KeeperCommand.Ask(
            mine.id,
            keepers.node(),
            keepers.nodeId(),
            question.intent(),
            vary,
            variant,
            seen,
            question.mayWait()));
  }

  private long leaseTermNanos() {
    return TimeUnit.MILLISECONDS.toNanos(settings.leaseTermMillis());
  }

  /** When that question of requests was sent; null if nobody waits for its answer any more. */
  @Nullable Long sentNanos(long id) {
    Outstanding outstanding = byId.get(id);
    return outstanding == null ? null : outstanding.sentNanos;
  }

  /** A question of the node itself, which no request waits for; "silent" if nobody answers. */
  CompletionStage<Answer> askForItself(
      PrimaryKey key,
      Question.Intent intent,
      List<String> vary,
      VariantKey variant,
      boolean mayWait,
      KeeperLink keepers) {
    long id = ids.incrementAndGet();
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    own.put(id, answer);
    CompletionStage<Answer> settled =
        answer.completeOnTimeout(
            new Answer.Alone("silent"), settings.answerTimeoutMillis(), TimeUnit.MILLISECONDS);
    settled.whenComplete((given, failed) -> own.remove(id));
    keepers.send(
        key,
        new KeeperCommand.Ask(
            id, keepers.node(), keepers.nodeId(), intent, vary, variant, null, mayWait));
    return answer;
  }

  /** Takes the answer to a question of the node itself; false if it is not one. */
  boolean answeredItself(long id, Answer answer) {
    CompletableFuture<Answer> asked = own.remove(id);
    return asked != null && asked.complete(answer);
  }

  void acked(long id, Consumer<Asker> unanswered) {
    Outstanding outstanding = byId.get(id);
    if (outstanding != null) {
      expire(outstanding, settings.answerTimeoutMillis(), unanswered);
    }
  }

  /** Those who wait for that answer; nobody if it was given up. */
  List<Asker> answered(long id) {
    Outstanding outstanding = byId.remove(id);
    return outstanding == null ? List.of() : take(outstanding);
  }

  List<Asker> giveUpAll() {
    own.keySet().forEach(id -> answeredItself(id, new Answer.Alone("no-fabric")));
    List<Asker> all = new ArrayList<>();
    byId.values().forEach(outstanding -> all.addAll(answered(outstanding.id)));
    return all;
  }

  private List<Asker> take(Outstanding outstanding) {
    if (outstanding.same != null) {
      bySame.remove(outstanding.same, outstanding);
    }
    return outstanding.close();
  }

  private void expire(Outstanding outstanding, long millis, Consumer<Asker> unanswered) {
    CompletableFuture<Void> deadline = new CompletableFuture<>();
    outstanding.deadline(deadline);
    CompletionStage<Void> due = deadline.completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
    due.thenRun(() -> answered(outstanding.id).forEach(unanswered));
  }
}
