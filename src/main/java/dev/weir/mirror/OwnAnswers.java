package dev.weir.mirror;

import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.log.ExchangeRecord;
import dev.weir.log.ServeReason;
import dev.weir.respond.Problem;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/**
 * What a mirror says by itself, without the exchange: what cannot be asked for, and where else to
 * ask. Each has a line in the access log and is counted as the exchange's are.
 */
final class OwnAnswers {
  private static final String ALLOWED = "GET, HEAD";

  private final Consumer<ExchangeRecord> log;
  private final Materializer materializer;

  /**
   * @param log told of each answer
   * @param materializer bodies that are not sent on are let go with it
   */
  OwnAnswers(Consumer<ExchangeRecord> log, Materializer materializer) {
    this.log = log;
    this.materializer = materializer;
  }

  CompletionStage<EdgeResponse> problem(EdgeRequest request, int status, String detail) {
    boolean bodiless = request.entity().isKnownEmpty();
    if (!bodiless) {
      request.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
    }
    String id = newId();
    byte[] document = new Problem(status, ServeReason.MIRROR.label(), detail).json(id);
    Headers.Builder fields =
        Headers.builder()
            .add("Content-Type", Problem.MEDIA_TYPE)
            .add("Cache-Control", "no-store")
            .add("X-Request-ID", id);
    if (status == 405) {
      fields.add("Allow", ALLOWED);
    }
    boolean head = request.head().isHead();
    if (head) {
      fields.add("Content-Length", Integer.toString(document.length));
    }
    tell(request, id, status, head ? 0 : document.length);
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(
            new ResponseHead(status, Problem.title(status), fields.build()),
            head
                ? HttpEntities.EMPTY
                : HttpEntities.create(
                    ContentTypes.NO_CONTENT_TYPE, ByteString.fromArrayUnsafe(document)),
            !bodiless));
  }

  /** The same method once more, at that path of the mirror. */
  CompletionStage<EdgeResponse> moved(EdgeRequest request, String location) {
    return bodiless(
        request, new ResponseHead(308, "Permanent Redirect", Headers.of("Location", location)));
  }

  CompletionStage<EdgeResponse> bodiless(EdgeRequest request, ResponseHead head) {
    String id = newId();
    tell(request, id, head.status(), 0);
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(
            head.withHeaders(head.headers().with("X-Request-ID", id)), HttpEntities.EMPTY, false));
  }

  /** What a room of the mirror has answered. */
  EdgeResponse ofRoom(EdgeRequest request, EdgeResponse response) {
    if (!(response instanceof EdgeResponse.Full full)) {
      return response;
    }
    String id = newId();
    ResponseHead head = full.head();
    tell(request, id, head.status(), full.entity().getContentLengthOption().orElse(0));
    return new EdgeResponse.Full(
        head.withHeaders(head.headers().with("X-Request-ID", id)),
        full.entity(),
        full.closeAfter(),
        full.trailers());
  }

  /** An answer that is not sent on. */
  void letGo(EdgeResponse response) {
    if (response instanceof EdgeResponse.Full full && !full.entity().isKnownEmpty()) {
      full.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
    }
  }

  private void tell(EdgeRequest request, String id, int status, long bytes) {
    log.accept(
        new ExchangeRecord(
            id,
            request.connection().remote(),
            request.head().method(),
            request.head().url(),
            status,
            ServeReason.MIRROR,
            "",
            "",
            null,
            bytes,
            0,
            true));
  }

  private static String newId() {
    return Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
  }
}
