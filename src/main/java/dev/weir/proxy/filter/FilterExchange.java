package dev.weir.proxy.filter;

import dev.weir.http.RequestHead;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentMap;

/**
 * One request and its response as one filter sees them; the same object in all their phases. Phases
 * of one exchange follow one another, those of a body that is under way excepted: the request's
 * body is filtered while the response may have begun.
 *
 * @param <C> the filter's own state of an exchange
 */
public interface FilterExchange<C> {
  /** As in the log and in X-Request-ID. */
  String id();

  /** What {@link Filter#newContext} made. */
  C context();

  /** The request as it is now: what filters before this one have made of it. */
  RequestHead request();

  /** Who asks: the address that counts, after PROXY headers and trusted proxies. */
  InetSocketAddress client();

  /** Where the connection came in. */
  InetSocketAddress listener();

  /**
   * What this filter keeps with the client's connection, from one request to the next; ends with
   * the connection. Several requests of an HTTP/2 connection share it.
   */
  ConcurrentMap<String, Object> connection();

  /**
   * Whether nobody waits: a stored response is validated in the background, or another node's fetch
   * is gone on with. Only upstream phases are asked then; the context is a new one.
   */
  boolean background();

  /** How often this exchange has gone upstream, the time under way included; 0 before. */
  int attempts();
}
