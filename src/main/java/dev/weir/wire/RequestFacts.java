package dev.weir.wire;

import dev.weir.http.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * A request head that passed the guard, and what it means for the connection.
 *
 * @param absoluteForm the target was in absolute-form, as clients send it to a proxy
 * @param http10 the request line said HTTP/1.0
 * @param keepAlive the client wants the connection kept (RFC 9112 9.3)
 * @param expectContinue the client waits for 100 before it sends its body
 * @param upgrade the protocols of a valid Upgrade, never h2c; null if none. Upgrade and
 *     HTTP2-Settings that mean nothing here are not in the head's fields any more
 */
public record RequestFacts(
    RequestHead head,
    boolean absoluteForm,
    boolean http10,
    BodyFraming framing,
    boolean keepAlive,
    boolean expectContinue,
    @Nullable String upgrade) {

  public boolean isConnect() {
    return "CONNECT".equals(head.method());
  }
}
