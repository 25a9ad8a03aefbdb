package dev.weir.testing;

import dev.weir.http.Headers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * What an {@link OriginServer} sends back.
 *
 * @param framing how the end of the body is told
 * @param declaredBytes the Content-Length for {@link Framing#LENGTH}; the body may write less, and
 *     then the connection is closed (a truncated response)
 */
public record Answer(
    int status, Headers headers, Framing framing, long declaredBytes, BodyWriter body) {

  /** How a body ends on the wire. */
  public enum Framing {
    LENGTH,
    CHUNKED,
    CLOSE,
    /** No response at all: the connection is closed. */
    DROP,
    /** 101, then the body writer owns the connection's output; input is echoed to it. */
    UPGRADE
  }

  /** Writes the body. */
  @FunctionalInterface
  public interface BodyWriter {
    void writeTo(OutputStream out) throws IOException, InterruptedException;
  }

  public static Answer of(int status, Headers headers, byte[] body) {
    return new Answer(status, headers, Framing.LENGTH, body.length, out -> out.write(body));
  }

  public static Answer text(int status, String body, String... namesAndValues) {
    return of(status, Headers.of(namesAndValues), body.getBytes(StandardCharsets.UTF_8));
  }

  public static Answer chunked(int status, Headers headers, BodyWriter body) {
    return new Answer(status, headers, Framing.CHUNKED, -1, body);
  }

  public static Answer stream(int status, Headers headers, long bytes, BodyWriter body) {
    return new Answer(status, headers, Framing.LENGTH, bytes, body);
  }

  /** Declares more than it sends. */
  public static Answer truncated(Headers headers, long declaredBytes, byte[] sent) {
    return new Answer(200, headers, Framing.LENGTH, declaredBytes, out -> out.write(sent));
  }

  public static Answer drop() {
    return new Answer(502, Headers.EMPTY, Framing.DROP, 0, out -> {});
  }
}
