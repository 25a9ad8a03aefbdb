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
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node gives to the others of its fleet, by HTTP over mutual TLS:
 *
 * <ul>
 *   <li>{@code GET /hello}: what nodes must agree on;
 *   <li>{@code GET /fill/ID?from=N}: a fill this node leads: its note as the first chunk, then the
 *       bytes from N as they arrive; cut off unless the fill comes to its end;
 *   <li>{@code GET /chunk/SHA256?length=N}: a chunk this node holds, or 404.
 * </ul>
 */
public final class PeerServer {
  private static final Logger LOG = LoggerFactory.getLogger(PeerServer.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Chunks of this node, for those who know their digest; empty if it has none of that length. */
  @FunctionalInterface
  public interface Chunks {
    /** The bytes, to be run or cancelled once. */
    CompletionStage<@Nullable Source<ByteString, NotUsed>> open(ChunkId id, long lengthBytes);
  }

  private final Hello hello;
  private final Function<FillId, CompletionStage<Fill>> fills;
  private final Chunks chunks;
  private final long idleMillis;

  /**
   * @param fills the fill of that id once its head is known
   * @param idleMillis silence after which a connection is closed
   */
  public PeerServer(
      Hello hello, Function<FillId, CompletionStage<Fill>> fills, Chunks chunks, long idleMillis) {
    this.hello = hello;
    this.fills = fills;
    this.chunks = chunks;
    this.idleMillis = idleMillis;
  }

  /** Listens; fails if the port cannot be had. */
  public CompletionStage<ServerBinding> bind(
      ActorSystem data, PeerIdentity identity, String host, int port) {
    ServerSettings defaults = ServerSettings.create(data);
    ServerSettings patient =
        defaults.withTimeouts(
            defaults
                .getTimeouts()
                .withRequestTimeout(scala.concurrent.duration.Duration.Inf())
                .withIdleTimeout(
                    scala.concurrent.duration.Duration.fromNanos(
                        TimeUnit.MILLISECONDS.toNanos(idleMillis))));
    return Http.get(data)
        .newServerAt(host, port)
        .enableHttps(ConnectionContext.httpsServer(identity::serverEngine))
        .withSettings(patient)
        .bind(this::answer);
  }

  private CompletionStage<HttpResponse> answer(HttpRequest request) {
    String path = request.getUri().getPathString();
    if (path.equals("/hello")) {
      return CompletableFuture.completedStage(hello());
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

  private HttpResponse hello() {
    try {
      return HttpResponse.create()
          .withEntity(ContentTypes.APPLICATION_JSON, JSON.writeValueAsString(hello));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a greeting cannot be written", e);
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
