package dev.weir.edge;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.RequestEntity;

/**
 * One request as it entered: the guarded head (raw target, true method, all fields), its body, and
 * whom it is from.
 *
 * @param entity the body; must be run or discarded exactly once unless it is empty
 * @param gone completes when the client has closed its side while this request is being answered
 * @param interim sends a 1xx response (never 100) ahead of the final one; not to HTTP/1.0 clients
 * @param trailers the request's trailer section; empty until the body has ended
 */
public record EdgeRequest(
    RequestHead head,
    RequestEntity entity,
    ClientConnection connection,
    CompletionStage<Done> gone,
    Consumer<ResponseHead> interim,
    Supplier<Headers> trailers) {

  /** Without trailers. */
  public EdgeRequest(
      RequestHead head,
      RequestEntity entity,
      ClientConnection connection,
      CompletionStage<Done> gone,
      Consumer<ResponseHead> interim) {
    this(head, entity, connection, gone, interim, () -> Headers.EMPTY);
  }
}
