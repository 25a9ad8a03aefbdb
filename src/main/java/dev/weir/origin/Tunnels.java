package dev.weir.origin;

import dev.weir.http.Authority;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.UniqueKillSwitch;
import org.apache.pekko.stream.javadsl.AsPublisher;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;

/** Byte streams to origins: blind tunnels, and what is left of a connection after 101. */
final class Tunnels {
  private final ConnectionLayers layers;
  private final Dialer dialer;
  private final OriginMetrics metrics;
  private final Materializer materializer;
  private final long idleMillis;

  Tunnels(
      ConnectionLayers layers,
      Dialer dialer,
      OriginSettings settings,
      OriginMetrics metrics,
      Materializer materializer) {
    this.layers = layers;
    this.dialer = dialer;
    this.metrics = metrics;
    this.materializer = materializer;
    this.idleMillis = settings.connect().tunnelIdleMillis();
  }

  private record Ends(Subscriber<ByteString> out, Publisher<ByteString> in) {}

  /** A TCP connection that is open already, as a flow to be run once. */
  CompletableFuture<Flow<ByteString, ByteString, NotUsed>> open(
      Authority destination, List<InetSocketAddress> addresses, long leftNanos) {
    return dialer
        .dial(destination, addresses, leftNanos, address -> attempt(destination, address))
        .thenApply(this::flow);
  }

  private Dialer.Attempt<Ends> attempt(Authority destination, InetSocketAddress address) {
    Flow<ByteString, ByteString, CompletionStage<Done>> socket =
        layers.opened(destination, address, null, true);
    Pair<
            Pair<Pair<Subscriber<ByteString>, UniqueKillSwitch>, CompletionStage<Done>>,
            Publisher<ByteString>>
        running =
            Source.<ByteString>asSubscriber()
                .viaMat(KillSwitches.single(), Keep.both())
                .viaMat(socket, Keep.both())
                .toMat(Sink.asPublisher(AsPublisher.WITHOUT_FANOUT), Keep.both())
                .run(materializer);
    var start = running.first().first();
    return new Dialer.Attempt<>(
        new Ends(start.first(), running.second()),
        running.first().second(),
        reason -> start.second().abort(reason));
  }

  private Flow<ByteString, ByteString, NotUsed> flow(Ends ends) {
    metrics.tunnelsOpened.increment();
    Flow<ByteString, ByteString, CompletionStage<Done>> counted =
        Flow.fromSinkAndSourceMat(
            Sink.fromSubscriber(ends.out),
            Source.fromPublisher(ends.in).watchTermination(Keep.right()),
            Keep.right());
    return limited(
        counted.mapMaterializedValue(
            over -> {
              Outcomes.of(
                  over,
                  done -> metrics.tunnelsClosed.increment(),
                  thrown -> metrics.tunnelsClosed.increment());
              return NotUsed.getInstance();
            }));
  }

  /**
   * The raw bytes of a connection that switched protocols.
   *
   * @param outgoing is given what the client sends, once the flow runs
   */
  Flow<ByteString, ByteString, NotUsed> switched(
      CompletableFuture<Source<ByteString, NotUsed>> outgoing, Source<ByteString, ?> incoming) {
    Sink<ByteString, NotUsed> sink =
        Sink.<ByteString>asPublisher(AsPublisher.WITHOUT_FANOUT)
            .mapMaterializedValue(
                publisher -> {
                  outgoing.complete(Source.fromPublisher(publisher));
                  return NotUsed.getInstance();
                });
    return limited(Flow.fromSinkAndSource(sink, incoming));
  }

  private Flow<ByteString, ByteString, NotUsed> limited(
      Flow<ByteString, ByteString, NotUsed> bytes) {
    if (idleMillis == 0) {
      return bytes;
    }
    return BidiFlow.<ByteString, ByteString>bidirectionalIdleTimeout(Duration.ofMillis(idleMillis))
        .join(bytes)
        .mapError(
            TimeoutException.class,
            late ->
                new OriginFailure(
                    OriginFailure.Kind.IDLE_TIMEOUT,
                    "Nothing moved in the tunnel for " + idleMillis + " ms.",
                    late));
  }
}
