package dev.weir.wire;

import dev.weir.wire.RequestChannel.Exchange;
import java.util.List;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One response on its way to the client: what Pekko rendered, with our head in place of its own,
 * the trailers that have arrived, and without the body where there must be none.
 */
final class AnswerFeed {
  private final Exchange exchange;
  private final ServerAnswer answer;
  private final BodyCounter counter;
  private final int coalesceBytes;

  AnswerFeed(Exchange exchange, ServerAnswer answer, HeadParser parser, GuardSettings settings) {
    this.exchange = exchange;
    this.answer = answer;
    this.counter = new BodyCounter(answer.renderedFraming(), parser, settings);
    this.coalesceBytes = settings.coalesceBytes();
  }

  /**
   * The head with the first bytes of the body, in one piece if they are few.
   *
   * @param front what Pekko rendered of the head
   */
  List<ByteString> begin(byte[] front, ByteString firstBytes) {
    ByteString piece = next(firstBytes);
    ByteString body = piece == null ? ByteString.emptyByteString() : piece;
    boolean together = body.size() <= coalesceBytes;
    HeadWriter head = answer.render(front, together ? body.size() : 0);
    if (together) {
      head.append(body);
    }
    return together ? List.of(head.toByteString()) : List.of(head.toByteString(), body);
  }

  /** Further bytes of the body as they are sent; null if they are not. */
  @Nullable ByteString next(ByteString bytes) {
    counter.count(bytes);
    if (answer.dropsBody()) {
      return null;
    }
    return counter.ended() && counter.chunked()
        ? HeadWriter.trailed(bytes, exchange.trailers().arrived().get())
        : bytes;
  }

  boolean ended() {
    return counter.ended();
  }

  /** Whether the end of the connection is the end of the body. */
  boolean untilClose() {
    return counter.untilClose();
  }
}
