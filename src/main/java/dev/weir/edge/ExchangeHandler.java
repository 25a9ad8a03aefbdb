package dev.weir.edge;

import java.util.concurrent.CompletionStage;

/**
 * What an edge hands each request to. The stage should complete on whatever thread finished the
 * work; a failed stage is answered with a 500 problem response.
 */
@FunctionalInterface
public interface ExchangeHandler {
  CompletionStage<EdgeResponse> handle(EdgeRequest request);
}
