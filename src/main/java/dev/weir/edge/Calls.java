package dev.weir.edge;

import dev.weir.wire.AtOnce;
import dev.weir.wire.RequestChannel.Exchange;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.http.scaladsl.model.HttpEntity;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls that one connection makes to the {@link ExchangeHandler}: exactly one for each request,
 * whichever of two ways it takes.
 *
 * <p>A request without a body is called from the guard. If its whole answer is there when the call
 * returns, as it is for a small stored response, the guard writes it; else what was begun is taken
 * up by {@link ExchangeStage} when the request has come through Pekko HTTP. Used on the
 * connection's thread alone.
 */
final class Calls implements AtOnce {
  private static final Logger LOG = LoggerFactory.getLogger(Calls.class);

  private final EdgeContext context;
  private final ClientConnection connection;
  private @Nullable Begun begun;

  private record Begun(Exchange exchange, CompletionStage<EdgeResponse> answer) {}

  Calls(EdgeContext context, ClientConnection connection) {
    this.context = context;
    this.connection = connection;
  }

  @Override
  public @Nullable ByteString answer(Exchange exchange) {
    CompletionStage<EdgeResponse> answer = call(exchange, HttpEntities.EMPTY);
    EdgeResponse response = ready(exchange, answer);
    if (response instanceof EdgeResponse.Full full
        && full.entity() instanceof HttpEntity.Strict strict
        && puts(exchange, full)) {
      return strict.data();
    }
    begun = new Begun(exchange, answer);
    return null;
  }

  /** What the handler makes of it; a failure of any kind is in the stage. */
  CompletionStage<EdgeResponse> of(Exchange exchange, RequestEntity entity) {
    Begun before = begun;
    begun = null;
    return before != null && before.exchange() == exchange
        ? before.answer()
        : call(exchange, UncancelledEntity.of(entity));
  }

  /**
   * The response if it is there and may go out now; null if it has to be waited for, is a failure,
   * or must not overtake a 1xx response that is on its way.
   */
  static @Nullable EdgeResponse ready(Exchange exchange, CompletionStage<EdgeResponse> answer) {
    return answer instanceof CompletableFuture<EdgeResponse> future
            && future.isDone()
            && !exchange.isHinted()
            && !future.isCompletedExceptionally()
        ? future.join()
        : null;
  }

  /** What a request is answered with whose handling has failed. */
  EdgeResponse failed(@Nullable Throwable failure) {
    context.metrics().onFailedHandler();
    String id = context.newId();
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    LOG.error("exchange failed, answered 500 with id {}", id, cause);
    return new Problem(500, "Internal Server Error", "The request could not be handled.", id)
        .response();
  }

  /** Gives the guard the head; false if it is none. */
  private static boolean puts(Exchange exchange, EdgeResponse.Full full) {
    try {
      exchange.respond(full.head());
    } catch (IllegalArgumentException noHead) {
      return false;
    }
    if (full.closeAfter()) {
      exchange.closeAfterThis();
    }
    return true;
  }

  private CompletionStage<EdgeResponse> call(Exchange exchange, RequestEntity entity) {
    context.metrics().onRequest();
    try {
      if (exchange.facts().isConnect()) {
        return CompletableFuture.completedFuture(context.connectWithin(exchange, connection));
      }
      RequestMapping mapping = context.mapping();
      FirstBytes.Refuse refused = mapping.refusal(exchange.facts(), connection);
      if (refused != null) {
        context.metrics().onRefuse();
        return CompletableFuture.completedFuture(Problem.of(refused, context.newId()).response());
      }
      return context
          .handler()
          .handle(
              new EdgeRequest(
                  mapping.mapped(exchange.head(), connection),
                  entity,
                  connection,
                  exchange.gone(),
                  exchange::interim,
                  exchange::requestTrailers));
    } catch (RuntimeException broken) {
      return CompletableFuture.failedFuture(broken);
    }
  }
}
