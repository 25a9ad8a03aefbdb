package dev.weir.store.elastic;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.store.elastic.ElasticTransport.Pool;
import dev.weir.store.elastic.ElasticTransport.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.stream.javadsl.Source;

/** The servers' REST interface, in the forms that Elasticsearch 8 and OpenSearch 2 share. */
final class HttpElasticClient implements ElasticClient {
  private static final byte[] NONE = {};
  private final ElasticTransport transport;
  private final ElasticSettings.Scan scan;

  HttpElasticClient(ElasticTransport transport, ElasticSettings.Scan scan) {
    this.transport = transport;
    this.scan = scan;
  }

  @Override
  public CompletionStage<List<Found>> multiGet(List<Ref> refs, long timeoutMillis) {
    byte[] body = ElasticJson.multiGet(refs);
    return call(Pool.READS, HttpMethods.POST, "/_mget?realtime=true", body, timeoutMillis)
        .thenApply(reply -> read(reply, text -> ElasticJson.found(text, refs.size())));
  }

  @Override
  public CompletionStage<List<Outcome>> bulk(List<Operation> operations, long timeoutMillis) {
    // Their own timeout is how long they wait for a shard: not longer than we do.
    String path = "/_bulk?timeout=" + timeoutMillis + "ms";
    byte[] body = ElasticJson.bulk(operations);
    return call(Pool.WRITES, HttpMethods.POST, path, body, timeoutMillis)
        .thenApply(reply -> read(reply, text -> ElasticJson.outcomes(text, operations.size())));
  }

  @Override
  public Source<Found.Present, NotUsed> scan(String index) {
    return Source.unfoldResourceAsync(
            () -> refresh(index).thenApply(done -> new Scroll(index)), Scroll::next, Scroll::end)
        .mapConcat(page -> page);
  }

  /** Searches see what was there at the last refresh; a walk must see everything. */
  private CompletionStage<Reply> refresh(String index) {
    return call(
        Pool.WRITES, HttpMethods.POST, "/" + index + "/_refresh", NONE, scan.timeoutMillis());
  }

  /** A walk under way. One page at a time is asked for. */
  private final class Scroll {
    private final String index;
    private String id = "";
    private long left;
    private boolean begun;

    Scroll(String index) {
      this.index = index;
    }

    CompletionStage<Optional<List<Found.Present>>> next() {
      return (begun ? further() : first())
          .thenApply(reply -> read(reply, ElasticJson::page))
          .thenApply(
              page -> {
                left = (begun ? left : page.total()) - page.documents().size();
                begun = true;
                id = page.scrollId();
                boolean endsEarly = page.documents().isEmpty() && left != 0;
                if (!page.complete() || id.isEmpty() || endsEarly) {
                  throw new ElasticFailure(
                      Trouble.of(Trouble.Kind.BUSY, "a walk through " + index + " is incomplete"));
                }
                return page.documents().isEmpty()
                    ? Optional.empty()
                    : Optional.of(page.documents());
              });
    }

    private CompletionStage<Reply> first() {
      String path =
          "/%s/_search?scroll=%s&allow_partial_search_results=false".formatted(index, keepAlive());
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
      return call(Pool.WRITES, HttpMethods.POST, path, body, scan.timeoutMillis());
    }

    private CompletionStage<Reply> further() {
      byte[] body =
          ElasticJson.object(
              json -> {
                json.writeStringField("scroll", keepAlive());
                json.writeStringField("scroll_id", id);
              });
      return call(Pool.WRITES, HttpMethods.POST, "/_search/scroll", body, scan.timeoutMillis());
    }

    private String keepAlive() {
      return scan.keepAliveMillis() + "ms";
    }

    CompletionStage<Done> end() {
      if (id.isEmpty()) {
        return CompletableFuture.completedStage(Done.getInstance());
      }
      byte[] body = ElasticJson.object(json -> json.writeStringField("scroll_id", id));
      return call(Pool.WRITES, HttpMethods.DELETE, "/_search/scroll", body, scan.timeoutMillis())
          .handle((reply, failure) -> Done.getInstance()); // it ends by itself after a time
    }
  }

  @Override
  public CompletionStage<List<Found.Present>> entries(
      String index, String host, String after, int limit) {
    String path = "/" + index + "/_search?allow_partial_search_results=false";
    byte[] body =
        ElasticJson.object(
            json -> EntryQuery.write(json, host, after, Math.min(limit, scan.page())));
    return refresh(index)
        .thenCompose(done -> call(Pool.WRITES, HttpMethods.POST, path, body, scan.timeoutMillis()))
        .thenApply(reply -> read(reply, ElasticJson::page).documents());
  }

  @Override
  public CompletionStage<Void> ensureIndex(IndexPlan plan, long timeoutMillis) {
    return transport
        .send(Pool.WRITES, HttpMethods.PUT, "/" + plan.name(), creation(plan), timeoutMillis)
        .thenCompose(
            reply -> {
              if (reply.isSuccess()) {
                return CompletableFuture.<Void>completedStage(null);
              }
              Trouble trouble = trouble(reply);
              boolean exists = trouble.text().contains("resource_already_exists_exception");
              // Without the right to make indices it may still be there.
              boolean maybe = reply.status() == 403 && trouble.kind() == Trouble.Kind.REFUSED;
              return exists || maybe
                  ? adopt(plan, timeoutMillis)
                  : CompletableFuture.<Void>failedStage(new ElasticFailure(trouble));
            });
  }

  private static byte[] creation(IndexPlan plan) {
    return """
    {"settings":{"number_of_shards":%d,"number_of_replicas":%d,"refresh_interval":"10s"},\
    "mappings":%s}\
    """
        .formatted(plan.shards(), plan.replicas(), plan.mappings())
        .getBytes(UTF_8);
  }

  /** An index that is there already must be ours, and gets the fields that are new. */
  private CompletionStage<Void> adopt(IndexPlan plan, long timeoutMillis) {
    String path = "/" + plan.name() + "/_mapping";
    return call(Pool.WRITES, HttpMethods.GET, path, NONE, timeoutMillis)
        .thenAccept(reply -> requireOurs(plan, read(reply, ElasticJson::tree)))
        .thenCompose(
            ours ->
                call(
                    Pool.WRITES,
                    HttpMethods.PUT,
                    path,
                    plan.mappings().getBytes(UTF_8),
                    timeoutMillis))
        .thenAccept(done -> {});
  }

  private static void requireOurs(IndexPlan plan, JsonNode answer) {
    // Behind an alias the answer has the name of the real index.
    JsonNode index = answer.elements().hasNext() ? answer.elements().next() : answer;
    if (!index.path("mappings").path("_meta").has(IndexPlans.MARK)) {
      throw new ElasticFailure(
          Trouble.of(
              Trouble.Kind.REFUSED,
              "the index "
                  + plan.name()
                  + " is there but was not made by Weir; choose another"
                  + " elasticsearch-meta-index"));
    }
  }

  private CompletionStage<Reply> call(
      Pool pool, HttpMethod method, String path, byte[] body, long timeoutMillis) {
    return transport
        .send(pool, method, path, body, timeoutMillis)
        .thenApply(
            reply -> {
              if (!reply.isSuccess()) {
                throw new ElasticFailure(trouble(reply));
              }
              return reply;
            });
  }

  private static Trouble trouble(Reply reply) {
    if (reply.status() == 401) {
      return Trouble.of(Trouble.Kind.REFUSED, "status 401: our credentials are not accepted");
    }
    try {
      return ElasticJson.trouble(reply.status(), ElasticJson.tree(reply.body()).path("error"));
    } catch (IOException notJson) {
      return Trouble.of(
          ElasticJson.kind(reply.status()), "status " + reply.status() + ": " + reply.quoted());
    }
  }

  @FunctionalInterface
  private interface Reading<T> {
    T read(byte[] body) throws IOException;
  }

  private static <T> T read(Reply reply, Reading<T> reading) {
    try {
      return reading.read(reply.body());
    } catch (IOException | RuntimeException e) {
      throw new ElasticFailure(
          Trouble.of(Trouble.Kind.UNREACHABLE, "an answer that is no answer: " + e.getMessage()));
    }
  }
}
