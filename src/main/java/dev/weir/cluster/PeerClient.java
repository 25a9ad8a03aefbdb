package dev.weir.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.entry.ChunkId;
import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillNote;
import dev.weir.fill.PeerFills;
import dev.weir.tls.PeerIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The peer ports of the others. One connection per stream: as many as there are fills followed and
 * chunks read, each under the back-pressure of whoever reads it here.
 */
public final class PeerClient implements PeerFills {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ActorSystem data;
  private final FleetSettings settings;
  private final HttpsConnectionContext context;
  private final ClientConnectionSettings connections;

  public PeerClient(ActorSystem data, PeerIdentity identity, FleetSettings settings) {
    this.data = data;
    this.settings = settings;
    this.context = ConnectionContext.httpsClient((host, port) -> identity.clientEngine());
    this.connections =
        ClientConnectionSettings.create(data)
            .withConnectingTimeout(
                scala.concurrent.duration.Duration.fromNanos(
                    TimeUnit.MILLISECONDS.toNanos(settings.connectTimeoutMillis())))
            .withIdleTimeout(
                scala.concurrent.duration.Duration.fromNanos(
                    TimeUnit.MILLISECONDS.toNanos(settings.idleMillis())));
  }

  @Override
  public CompletionStage<Opened> open(NodeId leader, FillId fill, long from) {
    return open(leader, fill, from, settings.openTimeoutMillis());
  }

  @Override
  public CompletionStage<Opened> reopen(NodeId leader, FillId fill, long from) {
    return open(leader, fill, from, settings.silenceMillis());
  }

  private CompletionStage<Opened> open(NodeId leader, FillId fill, long from, long timeoutMillis) {
    NodeNames.Place place = NodeNames.place(leader);
    if (place == null) {
      return CompletableFuture.failedStage(new IOException("that node has no peer port"));
    }
    return get(place.host(), place.port(), "/fill/" + fill.text() + "?from=" + from, timeoutMillis)
        .thenCompose(this::opened);
  }

  private CompletionStage<Opened> opened(HttpResponse response) {
    return response
        .entity()
        .withoutSizeLimit()
        .getDataBytes()
        .mapMaterializedValue(ignored -> NotUsed.getInstance())
        .initialTimeout(Duration.ofMillis(settings.silenceMillis())) // the note comes with the head
        .prefixAndTail(1)
        .runWith(Sink.head(), data)
        .thenCompose(
            noteAndBytes -> {
              try {
                return CompletableFuture.completedStage(opened(noteAndBytes));
              } catch (IOException unreadable) {
                noteAndBytes.second().runWith(Sink.cancelled(), data);
                return CompletableFuture.failedStage(unreadable);
              }
            });
  }

  private Opened opened(Pair<List<ByteString>, Source<ByteString, NotUsed>> noteAndBytes)
      throws IOException {
    if (noteAndBytes.first().isEmpty()) {
      throw new IOException("the leader closed the stream before its note");
    }
    FillNote note = PeerNotes.read(noteAndBytes.first().getFirst());
    boolean shared =
        note.head() instanceof FillHead.Streaming streaming
            && !(streaming.intent() instanceof FillIntent.Relay);
    if (!shared) {
      noteAndBytes.second().runWith(Sink.ignore(), data);
      return new Opened(note, null);
    }
    return new Opened(
        note, noteAndBytes.second().idleTimeout(Duration.ofMillis(settings.silenceMillis())));
  }

  /** A chunk of another node; fails if it does not hold it. */
  public CompletionStage<Source<ByteString, NotUsed>> chunk(NodeId node, ChunkId id, long length) {
    NodeNames.Place place = NodeNames.place(node);
    if (place == null) {
      return CompletableFuture.failedStage(new IOException("that node has no peer port"));
    }
    return get(
            place.host(),
            place.port(),
            "/chunk/" + id.hex() + "?length=" + length,
            settings.silenceMillis())
        .thenApply(
            response ->
                response
                    .entity()
                    .withoutSizeLimit()
                    .getDataBytes()
                    .idleTimeout(Duration.ofMillis(settings.silenceMillis()))
                    .mapMaterializedValue(ignored -> NotUsed.getInstance()));
  }

  /** What a seed says of itself; fails if it cannot be reached. */
  CompletionStage<Hello> hello(FleetSettings.Seed seed) {
    return told(
        new NodeNames.Place(seed.host(), seed.peerPort()),
        "/hello",
        settings.silenceMillis(),
        Hello.class);
  }

  /** What operators want to see of another node; fails if it does not answer at once. */
  public CompletionStage<NodeState> state(NodeId node) {
    NodeNames.Place place = NodeNames.place(node);
    return place == null
        ? CompletableFuture.failedStage(new IOException("that node has no peer port"))
        : told(place, "/state", settings.status().timeoutMillis(), NodeState.class);
  }

  private <T> CompletionStage<T> told(
      NodeNames.Place place, String target, long timeoutMillis, Class<T> type) {
    return get(place.host(), place.port(), target, timeoutMillis)
        .thenCompose(response -> response.entity().toStrict(timeoutMillis, data))
        .thenApply(
            strict -> {
              try {
                return JSON.readValue(strict.getData().toArray(), type);
              } catch (IOException unreadable) {
                throw new IllegalStateException("cannot be read: " + target, unreadable);
              }
            });
  }

  private CompletionStage<HttpResponse> get(
      String host, int port, String target, long timeoutMillis) {
    return Source.single(HttpRequest.create(target))
        .via(
            Http.get(data)
                .connectionTo(host)
                .toPort(port)
                .withCustomHttpsConnectionContext(context)
                .withClientConnectionSettings(connections)
                .https())
        // Within the stream: a peer that is too late finds its connection closed, whether it was
        // stopped before its handshake or before its head.
        .initialTimeout(Duration.ofMillis(timeoutMillis))
        .runWith(Sink.head(), data)
        .thenCompose(response -> checked(response, target));
  }

  private CompletionStage<HttpResponse> checked(@Nullable HttpResponse response, String target) {
    if (response != null && response.status().intValue() == 200) {
      return CompletableFuture.completedStage(response);
    }
    if (response != null) {
      response.discardEntityBytes(data);
    }
    return CompletableFuture.failedStage(new IOException("the peer does not have " + target));
  }
}
