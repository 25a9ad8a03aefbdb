package dev.weir.proxy.filter;

import dev.weir.http.Headers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * An answer that a filter makes itself, body and all. Framing fields are written by Weir; the
 * answer is not stored.
 *
 * @param body from position to limit; must not be written any more
 */
public record FilterResponse(int status, Headers headers, ByteBuffer body) {
  public FilterResponse {
    if (status < 200 || status > 599) {
      throw new IllegalArgumentException("not the status of a final response: " + status);
    }
  }

  public static FilterResponse of(int status, Headers headers, byte[] body) {
    return new FilterResponse(status, headers, ByteBuffer.wrap(body));
  }

  /** Plain text, not to be stored by anybody. */
  public static FilterResponse text(int status, String text) {
    return of(
        status,
        Headers.of("Content-Type", "text/plain; charset=utf-8", "Cache-Control", "no-store"),
        text.getBytes(StandardCharsets.UTF_8));
  }
}
