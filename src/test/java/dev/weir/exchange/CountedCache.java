package dev.weir.exchange;

import dev.weir.cache.Cache;
import dev.weir.cache.Question;
import dev.weir.cache.Verdict;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillPlan;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A cache that tells how many questions have been put to its keepers. */
final class CountedCache implements Cache {
  private final Cache cache;
  private final AtomicInteger questions = new AtomicInteger();

  CountedCache(Cache cache) {
    this.cache = cache;
  }

  int questions() {
    return questions.get();
  }

  @Override
  public @Nullable Entry near(PrimaryKey key, Function<List<String>, VariantKey> variant) {
    return cache.near(key, variant);
  }

  @Override
  public CompletionStage<Verdict> ask(Question question) {
    CompletionStage<Verdict> verdict = cache.ask(question);
    questions.incrementAndGet();
    return verdict;
  }

  @Override
  public Fill lead(Grant grant, FillPlan plan) {
    return cache.lead(grant, plan);
  }

  @Override
  public void release(Grant grant, String reason) {
    cache.release(grant, reason);
  }

  @Override
  public CompletionStage<Boolean> invalidate(PrimaryKey key) {
    return cache.invalidate(key);
  }

  @Override
  public CompletionStage<Boolean> purge(PrimaryKey key) {
    return cache.purge(key);
  }

  @Override
  public int changes(PrimaryKey key) {
    return cache.changes(key);
  }

  @Override
  public CompletionStage<Boolean> isStored(PrimaryKey key) {
    return cache.isStored(key);
  }

  @Override
  public CompletionStage<Boolean> drop(Entry entry) {
    return cache.drop(entry);
  }
}
