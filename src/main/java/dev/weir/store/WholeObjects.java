package dev.weir.store;

import dev.weir.entry.Entry;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Bodies that the object store also keeps as one object each, for clients that are sent there to
 * fetch them. Such an object is a copy that nothing depends on: the entry's chunks stay.
 */
public interface WholeObjects {
  /** Where no body is kept like that. */
  WholeObjects NONE =
      (entry, isHead, fields) -> CompletableFuture.completedFuture(Optional.empty());

  /**
   * Where the whole body can be fetched for some time, by GET or by HEAD; a secret of whom it is
   * given to. Empty while there is no such object: one is made in the background then, if there is
   * time for it. Never blocks; a failure of the store is empty too.
   *
   * @param fields what the answer from there is to say of the body, by lower-case name
   */
  CompletionStage<Optional<String>> url(Entry entry, boolean isHead, Map<String, String> fields);
}
