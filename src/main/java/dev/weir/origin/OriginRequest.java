package dev.weir.origin;

import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One request to an origin, ready to send: hop-by-hop fields removed, Via added, conditionals set;
 * Host and framing are written by this room. A body source is run at most once; with {@code Expect}
 * in the head not before the origin asks for it, or does not answer for a while.
 *
 * @param body the request body, or null for none
 * @param bodyLength its length in bytes if known; otherwise it is sent chunked
 * @param interim is given 1xx responses (never 100) as they arrive
 * @param trailers sent behind a body that is sent chunked
 * @param terms what rules say of the way to this origin
 */
public record OriginRequest(
    RequestHead head,
    @Nullable Source<ByteString, ?> body,
    OptionalLong bodyLength,
    OriginTimeouts timeouts,
    Consumer<ResponseHead> interim,
    Trailers trailers,
    OriginTerms terms) {

  /** Without trailers, on the usual terms. */
  public OriginRequest(
      RequestHead head,
      @Nullable Source<ByteString, ?> body,
      OptionalLong bodyLength,
      OriginTimeouts timeouts,
      Consumer<ResponseHead> interim) {
    this(head, body, bodyLength, timeouts, interim, Trailers.NONE, OriginTerms.USUAL);
  }

  /** On other terms. */
  public OriginRequest on(OriginTerms other) {
    return new OriginRequest(head, body, bodyLength, timeouts, interim, trailers, other);
  }

  public static OriginRequest of(RequestHead head, OriginTimeouts timeouts) {
    return new OriginRequest(head, null, OptionalLong.empty(), timeouts, interim -> {});
  }
}
