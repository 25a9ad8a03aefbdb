package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.cache.Question;
import dev.weir.cache.Verdict;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillEvents;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Fills;
import dev.weir.store.Retention;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A key's rules in one synchronized class: no leases, no clocks. */
final class FakeCache implements Cache, FillEvents {
  private static final class Key {
    final Map<VariantKey, Entry> entries = new LinkedHashMap<>();
    final List<Running> running = new ArrayList<>();
    List<String> vary = List.of();
    Epoch epoch = Epoch.FIRST;
  }

  private static final class Running {
    final Grant grant;
    @Nullable Fill fill;
    @Nullable FillIntent intent;
    final List<CompletableFuture<Verdict>> waiting = new ArrayList<>();

    Running(Grant grant) {
      this.grant = grant;
    }
  }

  private final Map<PrimaryKey, Key> keys = new HashMap<>();
  @Nullable Fills fills;
  @Nullable Retention retention;
  boolean nearAnswers = true;
  final List<Question> questions = new ArrayList<>();
  final List<String> released = new ArrayList<>();
  int dropped;
  int invalidated;

  synchronized boolean nothingRuns() {
    return keys.values().stream().allMatch(key -> key.running.isEmpty());
  }

  private Key key(PrimaryKey key) {
    return keys.computeIfAbsent(key, any -> new Key());
  }

  @Override
  public synchronized @Nullable Entry near(
      PrimaryKey key, Function<List<String>, VariantKey> variant) {
    Key state = key(key);
    return nearAnswers ? state.entries.get(variant.apply(state.vary)) : null;
  }

  @Override
  public synchronized CompletionStage<Verdict> ask(Question question) {
    questions.add(question);
    Key state = key(question.key());
    Entry stored = state.entries.get(question.variant().apply(state.vary));
    Entry held = question.held();
    boolean newer = stored != null && held != null && !stored.equals(held);
    Verdict now =
        switch (question.intent()) {
          case LOOK -> stored != null ? new Verdict.Serve(stored) : null;
          case VALIDATE -> newer ? new Verdict.Serve(stored) : null;
          case BACKGROUND -> newer || !state.running.isEmpty() ? new Verdict.Pass("busy") : null;
          case REPLACE ->
              stored != null
                  ? new Verdict.Validate(grant(state, question.key()), stored)
                  : new Verdict.Lead(grant(state, question.key()));
        };
    if (now != null) {
      return CompletableFuture.completedFuture(now);
    }
    for (Running running : state.running) {
      boolean fits =
          running.intent instanceof FillIntent.Store store
              ? question.variant().apply(store.vary()).equals(store.variant())
              : running.intent == null && question.mayWait();
      if (fits && running.fill != null) {
        return CompletableFuture.completedFuture(new Verdict.Follow(running.fill));
      }
      if (fits) {
        CompletableFuture<Verdict> later = new CompletableFuture<>();
        running.waiting.add(later);
        return later;
      }
    }
    Grant grant = grant(state, question.key());
    return CompletableFuture.completedFuture(
        stored != null ? new Verdict.Validate(grant, stored) : new Verdict.Lead(grant));
  }

  private static Grant grant(Key state, PrimaryKey key) {
    Grant grant = new Grant(key, FillId.random(), state.epoch, new NodeId("test"));
    state.running.add(new Running(grant));
    return grant;
  }

  private @Nullable Running running(Grant grant) {
    return key(grant.key()).running.stream()
        .filter(one -> one.grant.equals(grant))
        .findFirst()
        .orElse(null);
  }

  @Override
  public Fill lead(Grant grant, FillPlan plan) {
    Fill fill = fills.start(plan);
    synchronized (this) {
      Running running = running(grant);
      if (running != null) {
        running.fill = fill;
        running.waiting.forEach(one -> one.complete(new Verdict.Follow(fill)));
      }
    }
    return fill;
  }

  @Override
  public synchronized void release(Grant grant, String reason) {
    released.add(reason);
    key(grant.key()).running.removeIf(one -> one.grant.equals(grant));
  }

  @Override
  public synchronized CompletionStage<Boolean> invalidate(PrimaryKey key) {
    invalidated++;
    Key state = key(key);
    state.epoch = state.epoch.next();
    state.entries.clear();
    return CompletableFuture.completedFuture(true);
  }

  @Override
  public synchronized CompletionStage<Boolean> drop(Entry entry) {
    dropped++;
    return CompletableFuture.completedFuture(
        key(entry.key()).entries.remove(entry.variant(), entry));
  }

  @Override
  public synchronized void head(Grant grant, FillIntent intent) {
    Running running = running(grant);
    if (running != null) {
      running.intent = intent;
    }
  }

  @Override
  public void progress(Grant grant, long bytes) {}

  @Override
  public synchronized CompletionStage<Commit> commit(Grant grant, Entry entry, List<String> vary) {
    Key state = key(grant.key());
    state.running.removeIf(one -> one.grant.equals(grant));
    if (!grant.epoch().equals(state.epoch)) {
      return CompletableFuture.completedFuture(new Commit.Discarded("epoch"));
    }
    if (!vary.isEmpty() || entry.variant().isNone()) {
      state.vary = vary;
    }
    state.entries.put(entry.variant(), entry);
    retention.committed(entry);
    return CompletableFuture.completedFuture(new Commit.Done(entry));
  }

  @Override
  public synchronized void ended(Grant grant, Ending ending, String reason) {
    key(grant.key()).running.removeIf(one -> one.grant.equals(grant));
  }
}
