package dev.weir.store.elastic;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;

/**
 * What the store asks of the servers; one call is one request, nothing is repeated here. A stage
 * fails with {@link ElasticFailure} when the request as a whole did; what only one document of many
 * met is in its own result. Ids are those of the servers, at most 512 bytes.
 */
interface ElasticClient {
  /** The documents in the order asked, as they are now, refreshed or not. */
  CompletionStage<List<Found>> multiGet(List<Ref> refs, long timeoutMillis);

  /** What became of each operation, in their order. */
  CompletionStage<List<Outcome>> bulk(List<Operation> operations, long timeoutMillis);

  /**
   * Every document that was there when it begins, once, in no order; fails rather than leave one
   * out.
   */
  Source<Found.Present, NotUsed> scan(String index);

  /**
   * So many entries at most of a host ("" for all), by scheme, host, key and variant; none only
   * where there are no more.
   */
  CompletionStage<List<Found.Present>> entries(String index, String host, String after, int limit);

  /** Makes the index unless it is there, and gives it the fields it lacks. */
  CompletionStage<Void> ensureIndex(IndexPlan plan, long timeoutMillis);

  /**
   * A document by its name.
   *
   * @param withSource false if only its version matters
   */
  record Ref(String index, String id, boolean withSource) {}

  /** One of many documents asked for. */
  sealed interface Found {
    /**
     * It is there.
     *
     * @param version {@code _seq_no:_primary_term}
     * @param source its text in UTF-8, empty if it was not asked for
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Present(String id, String version, byte[] source) implements Found {}

    record Absent() implements Found {}

    record Unknown(Trouble trouble) implements Found {}
  }

  /** One of many writes. {@code version} null means: whatever is there. */
  sealed interface Operation {
    String index();

    String id();

    /** The document must not be there yet. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Create(String index, String id, byte[] source) implements Operation {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Replace(String index, String id, byte[] source, @Nullable SeqNo version)
        implements Operation {}

    record Delete(String index, String id, @Nullable SeqNo version) implements Operation {}

    /** About how many bytes it takes in a request. */
    default long bytes() {
      int source =
          switch (this) {
            case Create create -> create.source().length;
            case Replace replace -> replace.source().length;
            case Delete _ -> 0;
          };
      return 120L + id().length() + source;
    }
  }

  /** What became of one write. */
  sealed interface Outcome {
    record Done(String version) implements Outcome {}

    record Conflict() implements Outcome {}

    record Failed(Trouble trouble) implements Outcome {}
  }

  /** An index to be made. {@code mappings} is its JSON text. */
  record IndexPlan(String name, int shards, int replicas, String mappings) {}
}
