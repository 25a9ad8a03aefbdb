package dev.weir.wire;

import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.Host;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.TLSProtocol;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.util.ByteString;

/** Pekko HTTP's client layer over a guard; the origin is a {@link Peer}. */
final class GuardedClient {
  final OriginChannel channel = new OriginChannel();
  final List<String> refusals = new CopyOnWriteArrayList<>();
  final List<ResponseHead> interim = new CopyOnWriteArrayList<>();
  final Peer origin;
  volatile dev.weir.http.Trailers trailers = dev.weir.http.Trailers.NONE;
  private final ActorSystem system;
  private final Queue<CompletableFuture<HttpResponse>> waiting = new ConcurrentLinkedQueue<>();
  private final BoundedSourceQueue<HttpRequest> requests;

  /** One exchange as its caller sees it. */
  record Sent(
      OriginChannel.Exchange exchange,
      CompletableFuture<HttpResponse> response,
      CompletableFuture<String> body) {

    /** The body, when it has ended; fails as the response or its body does. */
    String await() throws ExecutionException {
      try {
        return body.get(10, TimeUnit.SECONDS);
      } catch (TimeoutException | InterruptedException e) {
        throw new AssertionError("no end of a response", e);
      }
    }
  }

  GuardedClient(ActorSystem system, GuardSettings settings) {
    this.system = system;
    ResponseGuard guard =
        new ResponseGuard(settings, channel, (reason, id) -> refusals.add(reason.label()));
    BidiFlow<
            TLSProtocol.SslTlsOutbound,
            TLSProtocol.SslTlsOutbound,
            TLSProtocol.SessionBytes,
            TLSProtocol.SslTlsInbound,
            NotUsed>
        widened =
            BidiFlow.fromFlows(
                Flow.of(TLSProtocol.SslTlsOutbound.class),
                Flow.of(TLSProtocol.SessionBytes.class)
                    .map(bytes -> (TLSProtocol.SslTlsInbound) bytes));
    BidiFlow<HttpRequest, ByteString, ByteString, HttpResponse, NotUsed> http =
        Http.get(system)
            .clientLayer(Host.create("w"), ClientConnectionSettings.create(system))
            .atop(widened)
            .atop(TLSPlacebo.getInstance())
            .atop(BidiFlow.fromGraph(guard));
    Pair<BoundedSourceQueue<HttpRequest>, Source<HttpRequest, NotUsed>> queue =
        Source.<HttpRequest>queue(16).preMaterialize(system);
    this.requests = queue.first();
    Sink<HttpResponse, CompletionStage<Done>> responses = Sink.foreach(this::arrived);
    Pair<CompletionStage<Done>, Sink<HttpResponse, NotUsed>> sink =
        responses.preMaterialize(system);
    sink.first().whenComplete((done, cause) -> ended(cause));
    this.origin =
        new Peer(system, Flow.fromSinkAndSource(sink.second(), queue.second()).join(http));
  }

  private void arrived(HttpResponse response) {
    CompletableFuture<HttpResponse> asked = waiting.poll();
    if (asked == null) {
      throw new AssertionError("a response that nobody asked for");
    }
    asked.complete(response);
  }

  private void ended(Throwable cause) {
    Throwable known = cause == null ? new IllegalStateException("ended") : cause;
    for (CompletableFuture<HttpResponse> asked = waiting.poll();
        asked != null;
        asked = waiting.poll()) {
      asked.completeExceptionally(known);
    }
  }

  Sent send(RequestHead head, HttpRequest minimal) {
    return send(head, false, minimal);
  }

  Sent send(RequestHead head, boolean mayTunnel, HttpRequest minimal) {
    OriginChannel.Exchange exchange = channel.begin(head, mayTunnel, trailers, interim::add);
    CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    waiting.add(response);
    requests.offer(minimal);
    CompletableFuture<String> body =
        response.thenCompose(
            arrived ->
                arrived
                    .entity()
                    .getDataBytes()
                    .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system)
                    .thenApply(
                        bytes -> bytes.decodeString(java.nio.charset.StandardCharsets.ISO_8859_1)));
    return new Sent(exchange, response, body);
  }
}
