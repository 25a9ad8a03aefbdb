package dev.weir.origin;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * A response whose head has arrived. {@code body} must be run or cancelled exactly once; cancelling
 * closes the connection; it fails with {@link OriginFailure} when it was cut short.
 *
 * @param head status and fields as received, framing fields (Content-Length, Transfer-Encoding)
 *     included, connection-level ones (RFC 9110 7.6.1) still there for the caller to strip
 * @param closeDelimited the body ends with the connection; only TLS's close_notify proves its end
 * @param trailers the trailer section, known once the body has ended
 */
public record OriginResponse(
    ResponseHead head,
    Source<ByteString, ?> body,
    OptionalLong bodyLength,
    boolean closeDelimited,
    CompletionStage<Headers> trailers) {

  /**
   * The trailer section as far as it is known: empty before the body has ended, and if it broke.
   */
  public Supplier<Headers> arrivedTrailers() {
    CompletableFuture<Headers> section = trailers.toCompletableFuture();
    return () -> section.state() == Future.State.SUCCESS ? section.resultNow() : Headers.EMPTY;
  }

  /**
   * The same, telling once or more that its body has ended: read, broken, cancelled, or not begun
   * for so long.
   */
  OriginResponse whenEnded(Runnable ended, long unclaimedMillis) {
    CompletableFuture<Void> unclaimed = new CompletableFuture<>();
    CompletionStage<Void> late =
        unclaimed.completeOnTimeout(null, unclaimedMillis, TimeUnit.MILLISECONDS);
    late.thenRun(ended);
    return new OriginResponse(
        head, watched(body, unclaimed, ended), bodyLength, closeDelimited, trailers);
  }

  private static <M> Source<ByteString, M> watched(
      Source<ByteString, M> body, CompletableFuture<Void> unclaimed, Runnable ended) {
    return body.watchTermination(
        (value, end) -> {
          // Cancelled, not only ignored: a timer left to run out would keep what it would end.
          unclaimed.cancel(false);
          end.whenComplete((done, failed) -> ended.run());
          return value;
        });
  }
}
