package dev.weir.store.elastic;

import dev.weir.store.StoreException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;

/**
 * A walk through an index that others have made, page by page in no order; nothing in it is
 * changed, not even refreshed. Takes what is there when it begins; it lasts while a page is asked
 * for at least once an hour. Errors: {@link StoreException}. Not thread-safe.
 */
public final class ForeignIndex implements AutoCloseable {
  private static final String KEEP_ALIVE = "1h";

  private final ElasticTransport transport;
  private final String index;
  private final ElasticSettings.Scan scan;
  private String scrollId = "";

  private ForeignIndex(ElasticTransport transport, String index, ElasticSettings.Scan scan) {
    this.transport = transport;
    this.index = index;
    this.scan = scan;
  }

  /** Of the servers and with the credentials, trust and page size of those settings. */
  public static ForeignIndex open(ActorSystem system, ElasticSettings settings) {
    return new ForeignIndex(
        new ElasticTransport(system, settings), settings.index(), settings.scan());
  }

  /** A document as it stands. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Raw(String id, byte[] source) {}

  /**
   * Some documents.
   *
   * @param total in the whole walk
   */
  public record Page(long total, List<Raw> documents) {}

  /** Empty after the last. */
  public CompletionStage<Optional<Page>> next() {
    return (scrollId.isEmpty() ? first() : further())
        .thenApply(
            reply -> {
              ElasticJson.Page page = page(reply);
              scrollId = page.scrollId();
              if (!page.complete() || scrollId.isEmpty()) {
                throw failed("a walk through " + index + " is incomplete");
              }
              return page.documents().isEmpty()
                  ? Optional.empty()
                  : Optional.of(
                      new Page(
                          page.total(),
                          page.documents().stream()
                              .map(found -> new Raw(found.id(), found.source()))
                              .toList()));
            });
  }

  private CompletionStage<ElasticTransport.Reply> first() {
    byte[] body =
        ElasticJson.object(
            json -> {
              json.writeNumberField("size", scan.page());
              json.writeBooleanField("track_total_hits", true);
              json.writeBooleanField("seq_no_primary_term", true);
              json.writeArrayFieldStart("sort");
              json.writeString("_doc");
              json.writeEndArray();
            });
    return send(
        HttpMethods.POST,
        "/%s/_search?scroll=%s&allow_partial_search_results=false".formatted(index, KEEP_ALIVE),
        body);
  }

  private CompletionStage<ElasticTransport.Reply> further() {
    byte[] body =
        ElasticJson.object(
            json -> {
              json.writeStringField("scroll", KEEP_ALIVE);
              json.writeStringField("scroll_id", scrollId);
            });
    return send(HttpMethods.POST, "/_search/scroll", body);
  }

  private CompletionStage<ElasticTransport.Reply> send(
      HttpMethod method, String path, byte[] body) {
    return transport
        .send(ElasticTransport.Pool.WRITES, method, path, body, scan.timeoutMillis())
        .exceptionally(
            failure -> {
              throw ElasticFailure.told(ElasticFailure.trouble(failure));
            });
  }

  private ElasticJson.Page page(ElasticTransport.Reply reply) {
    try {
      if (reply.isSuccess()) {
        return ElasticJson.page(reply.body());
      }
    } catch (IOException notThat) {
      throw failed("an answer that is no answer: " + notThat.getMessage());
    }
    throw failed("index " + index + ", status " + reply.status() + ": " + reply.quoted());
  }

  private static StoreException failed(String text) {
    return new StoreException(
        StoreException.Kind.UNAVAILABLE, "Elasticsearch: " + Trouble.plain(text));
  }

  /** Frees what the servers keep for the walk; does not wait for it. */
  @Override
  public void close() {
    if (!scrollId.isEmpty()) {
      byte[] body = ElasticJson.object(json -> json.writeStringField("scroll_id", scrollId));
      var _ = send(HttpMethods.DELETE, "/_search/scroll", body);
    }
  }
}
