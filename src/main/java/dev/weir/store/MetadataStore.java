package dev.weir.store;

import dev.weir.entry.Entry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * Where metadata documents live: conditional writes by version, reads by id that see the latest
 * write. Stages fail with {@link StoreException} when the store cannot answer; nothing here blocks
 * the caller.
 */
public interface MetadataStore extends AutoCloseable {
  /** The documents of those ids in the same order, each empty if there is none. */
  CompletionStage<List<Optional<Versioned>>> read(List<String> ids);

  /** Writes if the stored version still is {@code expected} ({@link Version#ABSENT}: create). */
  CompletionStage<WriteResult> write(Document document, Version expected);

  /** Deletes if the stored version still is {@code expected}. */
  CompletionStage<WriteResult> delete(String id, Version expected);

  /** Every document once, in no order; for start-up and collection. */
  Source<Versioned, NotUsed> scan();

  /**
   * As {@link #scan}, but a complete one: it fails rather than leave out a document, a damaged one
   * included. What is written while it runs may be missing.
   */
  Source<Versioned, NotUsed> scanAll();

  /**
   * The documents that cannot be decoded, by each of which {@link #scanAll} fails: whether it is
   * removed now.
   *
   * @param remove each that is as it was found; else none
   */
  Source<Boolean, NotUsed> damaged(boolean remove);

  /** What collectors and fills tell each other. */
  Notes notes();

  /**
   * Some entries, at most so many and none only where there are no more, in the order of their ids
   * and after that id ("" from the first); for people who look inside.
   *
   * @param host of the key; "" for every host
   */
  CompletionStage<List<Entry>> entries(String host, String after, int limit);

  /** Notes that an entry was used. Batched and only kept to the hour; losing one is harmless. */
  void touch(String id, long atMillis);

  /** The last noted use of an entry, milliseconds since the epoch, or empty. */
  CompletionStage<Optional<Long>> lastAccess(String id);

  /** Whether the store answers, and if not why; for health. */
  CompletionStage<Optional<String>> problem();

  @Override
  void close();

  /** What a write must find: the token of the version read, or {@link #ABSENT}. */
  record Version(String token) {
    public static final Version ABSENT = new Version("");
  }

  record Versioned(Document document, Version version) {}

  /** What became of a conditional write. */
  sealed interface WriteResult {
    record Written(Version version) implements WriteResult {}

    /** Somebody else wrote first: read again and adopt the winner. */
    record Conflict() implements WriteResult {}
  }
}
