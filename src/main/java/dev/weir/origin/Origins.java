package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.http.ResponseHead;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/**
 * The way out: every connection to an origin passes the egress gate, the circuit breaker and the
 * pools behind this. Stages fail with {@link OriginFailure} only.
 */
public interface Origins {
  /** Sends the request once (again only if nothing was written); completes with the final head. */
  CompletionStage<OriginResponse> fetch(OriginRequest request);

  /** Sends a request with Upgrade on a connection of its own. */
  CompletionStage<Upgraded> upgrade(OriginRequest request);

  /** Opens a plain TCP connection for a blind tunnel; the gate judges it like any other. */
  CompletionStage<Flow<ByteString, ByteString, NotUsed>> tunnel(Authority destination);

  /** Opens (and, for https, handshakes) a connection ahead of need and pools it. */
  CompletionStage<Boolean> warm(String scheme, Authority destination);

  /**
   * What an egress gate says to a destination; the stage fails with {@link OriginFailure} when the
   * name does not resolve.
   *
   * @param gate the name of the gate, empty for that of the forward proxy
   */
  CompletionStage<EgressVerdict> judge(String gate, Authority destination);

  /** The answer to an upgrade: 101 with the raw bytes, or an ordinary response. */
  sealed interface Upgraded {
    record Switched(ResponseHead head, Flow<ByteString, ByteString, NotUsed> bytes)
        implements Upgraded {}

    record Refused(OriginResponse response) implements Upgraded {}
  }
}
