package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillPlan;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A node's view of all keys: the near table at hand, the keepers behind it. */
public interface Cache {
  /**
   * The entry this node may serve without asking, by a live lease, for a request of that variant;
   * or null. Any thread, no blocking, no actor.
   */
  @Nullable Entry near(PrimaryKey key, Function<List<String>, VariantKey> variant);

  /**
   * Asks the key's keeper. Never fails and never waits longer than its budgets: if the keeper
   * cannot be reached the verdict comes from this node's own single-flight.
   */
  CompletionStage<Verdict> ask(Question question);

  /** Starts the fill that a Lead or Validate verdict allows; those who wait for it are told. */
  Fill lead(Grant grant, FillPlan plan);

  /** Hands a grant back unused. */
  void release(Grant grant, String reason);

  /** Raises the key's epoch and forgets its entries; completes when nobody serves them any more. */
  CompletionStage<Boolean> invalidate(PrimaryKey key);

  /**
   * As invalidate, at the word of an operator: written down though nothing may be stored, so that
   * no fill that began before it is stored later, whatever becomes of the keeper.
   */
  CompletionStage<Boolean> purge(PrimaryKey key);

  /**
   * How often this node has been told to forget that key, as far as it remembers: two answers that
   * differ mean that it was changed in between.
   */
  int changes(PrimaryKey key);

  /** Whether the store has an entry of that key; false if it cannot say. */
  CompletionStage<Boolean> isStored(PrimaryKey key);

  /** Removes one entry that turned out not to be whole, if it still is the current one. */
  CompletionStage<Boolean> drop(Entry entry);
}
