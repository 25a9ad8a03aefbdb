package dev.weir.wire;

import dev.weir.wire.RequestChannel.Answer;
import dev.weir.wire.RequestChannel.Exchange;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Puts the true response head in place of the one that Pekko HTTP rendered.
 *
 * @param answer the true head, or null if Pekko answers by itself
 * @param close the connection ends after this response
 */
record ServerAnswer(Exchange exchange, PekkoHead rendered, @Nullable Answer answer, boolean close) {
  private static final byte[] NOTHING = new byte[0];

  static ServerAnswer of(Exchange exchange, PekkoHead rendered, boolean close) {
    Answer answer = exchange.answer();
    // Pekko answers 500 by itself when an entity cannot be run: then the true head is not true.
    boolean meant =
        answer != null
            && (rendered.status() == answer.status()
                || rendered.status() == 200
                || rendered.status() == 101);
    boolean last = close || rendered.close() || exchange.closeAfter();
    return new ServerAnswer(exchange, rendered, meant ? answer : null, last);
  }

  /** After this head the connection is a byte tunnel. */
  boolean switches() {
    return rendered.status() == 101 && exchange.maySwitch();
  }

  /** How Pekko frames what follows; it was told HEAD only if the request had no body. */
  BodyFraming renderedFraming() {
    boolean toldHead = isHead() && exchange.facts().framing() instanceof BodyFraming.None;
    if (toldHead || bodiless(rendered.status())) {
      return BodyFraming.NONE;
    }
    if (rendered.chunked()) {
      return BodyFraming.CHUNKED;
    }
    return rendered.contentLength() >= 0
        ? BodyFraming.length(rendered.contentLength())
        : BodyFraming.UNTIL_CLOSE;
  }

  /** Whether body bytes that Pekko renders must not go out. */
  boolean dropsBody() {
    return isHead() || bodiless(status());
  }

  /** The head that goes out, with room for a body behind it. */
  HeadWriter render(byte[] octets, int bodyRoom) {
    Answer real = answer;
    if (real == null) {
      byte[] own = new byte[rendered.length() - 2];
      System.arraycopy(octets, 0, own, 0, own.length);
      HeadWriter writer = new HeadWriter(own.length + bodyRoom + 32).block(own);
      return close && !rendered.close() ? writer.raw("Connection: close\r\n\r\n") : writer.crlf();
    }
    HeadWriter writer = new HeadWriter(real.lines().size() + bodyRoom + 80).append(real.lines());
    if (switches()) {
      return status() == 101 ? writer.raw("Connection: Upgrade\r\n\r\n") : writer.crlf();
    }
    framing(writer, real);
    if (close) {
      writer.raw("Connection: close\r\n");
    } else if (exchange.facts().http10()) {
      writer.raw("Connection: keep-alive\r\n");
    }
    return writer.crlf();
  }

  /** Head and body in one element, where the body is at hand and Pekko has rendered nothing. */
  ByteString whole(ByteString body, int coalesceBytes) {
    ByteString sent = dropsBody() ? ByteString.emptyByteString() : body;
    return sent.size() > coalesceBytes
        ? render(NOTHING, 0).toByteString().concat(sent)
        : render(NOTHING, sent.size()).append(sent).toByteString();
  }

  private void framing(HeadWriter writer, Answer real) {
    if (isHead() || status() == 304) {
      String told = real.contentLength();
      if (told != null) {
        writer.field("Content-Length", told);
      } else if (isHead() && rendered.contentLength() > 0) {
        writer.field("Content-Length", Long.toString(rendered.contentLength()));
      }
    } else if (!bodiless(status())) {
      switch (renderedFraming()) {
        case BodyFraming.None none -> writer.raw("Content-Length: 0\r\n");
        case BodyFraming.Length length ->
            writer.field("Content-Length", Long.toString(length.bytes()));
        case BodyFraming.Chunked chunked ->
            writer.raw("Transfer-Encoding: chunked\r\n").announcement(exchange.trailers());
        case BodyFraming.UntilClose until -> {}
      }
    }
  }

  private int status() {
    Answer real = answer;
    return real == null ? rendered.status() : real.status();
  }

  private boolean isHead() {
    return exchange.head().isHead();
  }

  private static boolean bodiless(int status) {
    return status < 200 || status == 204 || status == 304;
  }
}
