package dev.weir.fill;

import dev.weir.origin.OriginResponse;
import dev.weir.origin.Origins;
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

  /** Lets a response go whose body nobody reads. */
  void cancel(OriginResponse response) {
    response.body().runWith(Sink.cancelled(), materializer);
  }
}
