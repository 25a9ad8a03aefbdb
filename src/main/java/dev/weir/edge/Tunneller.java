package dev.weir.edge;

import dev.weir.http.Authority;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/**
 * Connects a blind tunnel to its destination, after the egress gate has judged it.
 *
 * <p>The stage completes with the connected bytes, to be run once, or fails: with {@link
 * TunnelRefusedException} where a rule forbids the destination, with anything else where it cannot
 * be reached.
 */
@FunctionalInterface
public interface Tunneller {
  CompletionStage<Flow<ByteString, ByteString, NotUsed>> open(Authority destination);
}
