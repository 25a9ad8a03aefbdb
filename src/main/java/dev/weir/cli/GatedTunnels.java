package dev.weir.cli;

import dev.weir.edge.TunnelRefusedException;
import dev.weir.edge.Tunneller;
import dev.weir.http.Authority;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.Origins;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/** Opens the edge's blind tunnels through the way out, telling a rule's no from a failure. */
record GatedTunnels(Origins origins) implements Tunneller {
  @Override
  public CompletionStage<Flow<ByteString, ByteString, NotUsed>> open(Authority destination) {
    return origins
        .tunnel(destination)
        .exceptionally(
            failure -> {
              Throwable cause =
                  failure instanceof CompletionException && failure.getCause() != null
                      ? failure.getCause()
                      : failure;
              if (cause instanceof OriginFailure refused
                  && (refused.kind() == OriginFailure.Kind.EGRESS_DENIED
                      || refused.kind() == OriginFailure.Kind.LOOP)) {
                throw new TunnelRefusedException(String.valueOf(refused.getMessage()));
              }
              throw new CompletionException(cause);
            });
  }
}
