package dev.weir.fill;

import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;

/**
 * What all fills of a node share.
 *
 * @param peers the fills of other nodes
 * @param events the keepers' side
 */
record FillContext(
    Origins origins,
    AcceleratedOrigins accelerated,
    PeerFills peers,
    FillEvents events,
    SpoolContext spools,
    Materializer materializer) {

  FillSettings settings() {
    return spools.settings();
  }

  FillMetrics metrics() {
    return spools.metrics();
  }

  /** As {@link Origins#fetch}, and a failed stage where that throws: a fill must learn of it. */
  CompletionStage<OriginResponse> fetch(OriginRequest request) {
    try {
      return origins.fetch(request);
    } catch (RuntimeException e) {
      return CompletableFuture.failedStage(e);
    }
  }

  /** Lets a response go whose body nobody reads. */
  void cancel(OriginResponse response) {
    response.body().runWith(Sink.cancelled(), materializer);
  }
}
