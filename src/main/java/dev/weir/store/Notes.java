package dev.weir.store;

import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Short texts beside the documents, written conditionally, by which the collector and the fills of
 * all nodes agree; they live and die with the metadata. Ids and texts are printable ASCII, an id of
 * at most 200 characters, a text of at most 4,000. Errors: {@link StoreException}.
 */
public interface Notes {
  /** The latest write of that id, or empty. */
  CompletionStage<Optional<Note>> read(String id);

  /** Writes if the stored version still is {@code expected} ({@link Version#ABSENT}: create). */
  CompletionStage<WriteResult> write(String id, String text, Version expected);

  /** Deletes if the stored version still is {@code expected}. */
  CompletionStage<WriteResult> delete(String id, Version expected);

  /** Every note that was there when it begins, once, in no order; fails rather than omit one. */
  Source<Note, NotUsed> scan();

  /** One note as it was read. */
  record Note(String id, String text, Version version) {}
}
