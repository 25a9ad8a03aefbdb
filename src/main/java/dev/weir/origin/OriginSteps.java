package dev.weir.origin;

import java.net.InetSocketAddress;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * What stands round one request on its way to the origin and back, beyond what this room does: the
 * filters of an exchange. Never blocks.
 */
public interface OriginSteps {
  /**
   * Sends the request, changed or not, as often as need be, and hands back what came, changed or
   * not. Fails with {@link OriginFailure} only.
   *
   * @param send sends a request once
   */
  CompletionStage<OriginResponse> around(
      OriginRequest request, Function<OriginRequest, CompletionStage<OriginResponse>> send);

  /**
   * A connection is there and the request is about to be written to it. Must not throw.
   *
   * @param waitedNanos since the request was given to this room
   */
  void connected(InetSocketAddress address, boolean reused, long waitedNanos);
}
