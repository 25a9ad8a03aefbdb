package dev.weir.origin;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.wire.OriginChannel;
import java.util.function.LongSupplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Pekko is given to send: a minimal request that carries only the body; {@link OriginChannel}
 * has the true head. How far an upload has got is noted on its fetch.
 */
final class MinimalRequests {
  private static final Logger log = LoggerFactory.getLogger(MinimalRequests.class);
  private static final HttpRequest GET = HttpRequest.GET("/");
  private static final HttpRequest HEAD = HttpRequest.HEAD("/");
  private static final HttpRequest POST = HttpRequest.POST("/");
  private static final HttpRequest EXPECTING =
      POST.addHeader(HttpHeader.parse("Expect", "100-continue"));

  private MinimalRequests() {}

  /** Announces the true head; to be called just before {@link #of} is pushed. */
  static OriginChannel.Exchange begin(
      OriginChannel channel, PendingFetch fetch, LongSupplier nanoTime) {
    RequestHead head = fetch.request.head();
    Headers fields =
        fetch.upgrade == null
            ? head.headers().toBuilder().remove("Host").remove("Expect").build()
            : head.headers().without("Host");
    Headers sent =
        Headers.builder().add("Host", head.authority().text(head.scheme())).addAll(fields).build();
    return channel.begin(
        head.withHeaders(sent),
        fetch.upgrade != null,
        fetch.request.trailers(),
        interim -> {
          // A sign of life: the silence before the head begins anew.
          fetch.uploadNanos = nanoTime.getAsLong();
          tell(fetch, interim);
        });
  }

  private static void tell(PendingFetch fetch, ResponseHead interim) {
    try {
      fetch.request.interim().accept(interim);
    } catch (RuntimeException e) {
      // What a listener makes of a hint is no fault of the origin's connection.
      log.warn("An interim response could not be passed on", e);
    }
  }

  static HttpRequest of(
      PendingFetch fetch, OriginChannel.Exchange exchange, LongSupplier nanoTime) {
    OriginRequest request = fetch.request;
    Source<ByteString, ?> upgrade = fetch.upgrade;
    if (upgrade != null) {
      return POST.withEntity(HttpEntities.createChunked(ContentTypes.NO_CONTENT_TYPE, upgrade));
    }
    Source<ByteString, ?> body = request.body();
    if (body == null) {
      return switch (request.head().method()) {
        case "HEAD" -> HEAD;
        // The methods that say Content-Length: 0 where there is no body (RFC 9110 8.6).
        case "POST", "PUT", "PATCH" -> POST;
        default -> GET;
      };
    }
    Source<ByteString, ?> upload = body.via(new UploadWatch(fetch, nanoTime));
    Source<ByteString, ?> sent = upload;
    HttpRequest post = POST;
    if (request.head().headers().has("Expect")) {
      // Pekko sends nothing of the body before it may, but would already take it from the client.
      sent = Source.completionStageSource(exchange.goAhead().thenApply(go -> upload));
      post = EXPECTING;
    }
    long length = request.bodyLength().orElse(-1);
    return post.withEntity(
        length < 0
            ? HttpEntities.createChunked(ContentTypes.NO_CONTENT_TYPE, sent)
            : HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, length, sent));
  }

  /** Notes progress, end and failure of an upload. */
  private static final class UploadWatch extends GraphStage<FlowShape<ByteString, ByteString>> {
    private final Inlet<ByteString> in = Inlet.create("UploadWatch.in");
    private final Outlet<ByteString> out = Outlet.create("UploadWatch.out");
    private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
    private final PendingFetch fetch;
    private final LongSupplier nanoTime;

    UploadWatch(PendingFetch fetch, LongSupplier nanoTime) {
      this.fetch = fetch;
      this.nanoTime = nanoTime;
    }

    @Override
    public FlowShape<ByteString, ByteString> shape() {
      return shape;
    }

    @Override
    public GraphStageLogic createLogic(Attributes attributes) {
      return new Logic();
    }

    private final class Logic extends GraphStageLogic {
      Logic() {
        super(shape);
        setHandler(
            in,
            new AbstractInHandler() {
              @Override
              public void onPush() {
                fetch.uploadNanos = nanoTime.getAsLong();
                push(out, grab(in));
              }

              @Override
              public void onUpstreamFailure(Throwable thrown) {
                fetch.uploadFailed = true;
                failStage(thrown);
              }
            });
        setHandler(
            out,
            new AbstractOutHandler() {
              @Override
              public void onPull() {
                fetch.uploadNanos = nanoTime.getAsLong();
                pull(in);
              }
            });
      }
    }
  }
}
