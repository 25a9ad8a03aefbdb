package dev.weir.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.entry.ChunkId;
import dev.weir.entry.FillId;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillNote;
import dev.weir.tls.PeerIdentity;
import dev.weir.wire.TlsStage;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.TLSProtocol.SslTlsInbound;
import org.apache.pekko.stream.TLSProtocol.SslTlsOutbound;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.TLSPlacebo;
import org.apache.pekko.stream.javadsl.Tcp;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node gives to the others of its fleet, by HTTP over mutual TLS:
 *
 * <ul>
 *   <li>{@code GET /hello}: what nodes must agree on;
 *   <li>{@code GET /state}: what operators want to see of this node;
 *   <li>{@code GET /fill/ID?from=N}: a fill this node leads: its note as the first chunk, then the
 *       bytes from N as they arrive; cut off unless the fill comes to its end;
 *   <li>{@code GET /chunk/SHA256?length=N}: a chunk this node holds, or 404.
 * </ul>
 */
public final class PeerServer {
  private static final Logger LOG = LoggerFactory.getLogger(PeerServer.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Connections that wait to be accepted, as of Pekko's own server. */
  private static final int BACKLOG = 100;

  /** Chunks of this node, for those who know their digest; empty if it has none of that length. */
  @FunctionalInterface
  public interface Chunks {
    /** The bytes, to be run or cancelled once. */
    CompletionStage<@Nullable Source<ByteString, NotUsed>> open(ChunkId id, long lengthBytes);
  }

  private final Supplier<Hello> hello;
  private final Function<FillId, CompletionStage<Fill>> fills;
  private final Chunks chunks;
  private final Supplier<NodeState> state;
  private final FleetSettings.PortLimits limits;

  /**
   * @param hello what this node says of itself now
   * @param fills the fill of that id once its head is known
   */
  public PeerServer(
      Supplier<Hello> hello,
      Function<FillId, CompletionStage<Fill>> fills,
      Chunks chunks,
      Supplier<NodeState> state,
      FleetSettings.PortLimits limits) {
    this.hello = hello;
    this.fills = fills;
    this.chunks = chunks;
    this.state = state;
    this.limits = limits;
  }

  /** Listens; fails if the port cannot be had. */
  public CompletionStage<Tcp.ServerBinding> bind(
      ActorSystem data, PeerIdentity identity, String host, int port) {
    Flow<ByteString, ByteString, NotUsed> served = served(data, identity);
    Materializer materializer = SystemMaterializer.get(data).materializer();
    return Tcp.get(data)
        .bind(host, port, BACKLOG, List.of(), false, Optional.empty())
        .mapAsyncUnordered(
            limits.maxConnections(),
            connection ->
                connection
                    .flow()
                    .watchTermination(Keep.right())
                    .join(served)
                    .run(materializer)
                    .exceptionally(cut -> Done.getInstance()))
        .to(Sink.ignore())
        .run(materializer);
  }

  /**
   * HTTP over our own stage of TLS, which cuts off whoever has not shown a certificate in time:
   * Pekko's server would keep a connection that says nothing until the silence that peers are
   * allowed is over.
   */
  @SuppressWarnings("unchecked")
  private Flow<ByteString, ByteString, NotUsed> served(ActorSystem data, PeerIdentity identity) {
    Object plain = TLSPlacebo.getInstance();
    var placebo = (BidiFlow<SslTlsOutbound, ByteString, ByteString, SslTlsInbound, NotUsed>) plain;
    ServerSettings defaults = ServerSettings.create(data);
    ServerSettings patient =
        defaults.withTimeouts(
            defaults.getTimeouts().withRequestTimeout(scala.concurrent.duration.Duration.Inf()));
    Flow<ByteString, ByteString, NotUsed> http =
        Flow.of(HttpRequest.class)
            .mapAsync(1, this::answer)
            .join(Http.get(data).serverLayer(patient).atop(placebo));
    return http.join(TlsStage.server(identity::serverEngine, limits.tls()))
        .join(BidiFlow.bidirectionalIdleTimeout(Duration.ofMillis(limits.idleMillis())));
  }

  private CompletionStage<HttpResponse> answer(HttpRequest request) {
    String path = request.getUri().getPathString();
    if (path.equals("/hello")) {
      return CompletableFuture.completedStage(json(hello.get()));
    }
    if (path.equals("/state")) {
      return CompletableFuture.completedStage(json(state.get()));
    }
    List<String> parts = List.of(path.split("/", -1));
    if (parts.size() == 3 && parts.get(1).equals("fill")) {
      long from = number(request, "from").orElse(0);
      return fill(new FillId(parts.get(2)), from);
    }
    OptionalLong length = number(request, "length");
    if (parts.size() == 3
        && parts.get(1).equals("chunk")
        && parts.get(2).matches("[0-9a-f]{64}")
        && length.isPresent()) {
      return chunk(new ChunkId(parts.get(2)), length.getAsLong());
    }
    return CompletableFuture.completedStage(none());
  }

  private static HttpResponse json(Object told) {
    try {
      return HttpResponse.create()
          .withEntity(ContentTypes.APPLICATION_JSON, JSON.writeValueAsString(told));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("every record can be written", e);
    }
  }

  private CompletionStage<HttpResponse> fill(FillId id, long from) {
    return fills
        .apply(id)
        .handle(
            (fill, failed) -> {
              FillNote note = fill == null ? null : fill.note();
              if (fill == null || note == null) {
                LOG.debug("No fill {} to follow here", id.text());
                return none();
              }
              return streamed(Source.single(PeerNotes.write(note)).concat(body(fill, note, from)));
            });
  }

  private static Source<ByteString, NotUsed> body(Fill fill, FillNote note, long from) {
    boolean shared =
        note.head() instanceof FillHead.Streaming streaming
            && !(streaming.intent() instanceof FillIntent.Relay);
    return shared ? fill.read(from, Long.MAX_VALUE) : Source.empty();
  }

  private CompletionStage<HttpResponse> chunk(ChunkId id, long length) {
    return chunks.open(id, length).thenApply(bytes -> bytes == null ? none() : streamed(bytes));
  }

  private static HttpResponse streamed(Source<ByteString, NotUsed> bytes) {
    return HttpResponse.create()
        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, bytes));
  }

  private static HttpResponse none() {
    return HttpResponse.create().withStatus(StatusCodes.NOT_FOUND);
  }

  private static OptionalLong number(HttpRequest request, String name) {
    String text = request.getUri().query().get(name).orElse("");
    return text.matches("\\d{1,18}") ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
  }
}
