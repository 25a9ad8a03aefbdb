package dev.weir.wire;

/** The minimal heads that Pekko HTTP's parsers are given in place of the true ones. */
final class CanonicalHead {
  private CanonicalHead() {}

  /**
   * A request in place of the true one: {@code /serial} as its target, and its framing.
   *
   * @param whole the body follows at once: nobody has to wait for 100
   */
  static HeadWriter request(RequestFacts facts, long serial, boolean whole) {
    boolean body = !(facts.framing() instanceof BodyFraming.None);
    String method = facts.head().isHead() ? "HEAD" : "GET";
    int room = whole && facts.framing() instanceof BodyFraming.Length l ? (int) l.bytes() : 0;
    HeadWriter head = new HeadWriter(160 + room);
    head.raw(body ? "POST" : method).raw(" /").raw(Long.toString(serial));
    head.raw(facts.http10() ? " HTTP/1.0\r\nHost: w\r\n" : " HTTP/1.1\r\nHost: w\r\n");
    switch (facts.framing()) {
      case BodyFraming.Length length -> contentLength(head, length.bytes());
      case BodyFraming.Chunked chunked -> head.raw("Transfer-Encoding: chunked\r\n");
      case BodyFraming.None none -> {}
      case BodyFraming.UntilClose close -> throw new IllegalStateException("a request until close");
    }
    if (facts.expectContinue() && !whole) {
      head.raw("Expect: 100-continue\r\n");
    }
    if (facts.upgrade() != null || facts.isConnect()) {
      head.raw("Connection: upgrade\r\nUpgrade: weir\r\n");
    } else if (!facts.keepAlive()) {
      head.raw("Connection: close\r\n");
    } else if (facts.http10()) {
      head.raw("Connection: keep-alive\r\n");
    }
    return head.crlf();
  }

  /**
   * A response in place of the true one. Its status is 200 unless the parser must know better.
   *
   * @param refusedExpectation the request waits for 100 and is refused: the body must not be sent
   */
  static HeadWriter response(ResponseFacts facts, boolean refusedExpectation, int bodyRoom) {
    HeadWriter head = new HeadWriter(128 + bodyRoom);
    int status = facts.head().status();
    if (status == 204 || status == 304) {
      head.statusLine(status, "w");
    } else {
      head.raw(refusedExpectation ? "HTTP/1.1 417 w\r\n" : "HTTP/1.1 200 OK\r\n");
      switch (facts.framing()) {
        case BodyFraming.None none -> head.raw("Content-Length: 0\r\n");
        case BodyFraming.Length length -> contentLength(head, length.bytes());
        case BodyFraming.Chunked chunked -> head.raw("Transfer-Encoding: chunked\r\n");
        case BodyFraming.UntilClose close -> {}
      }
    }
    return facts.keepAlive() ? head.crlf() : head.raw("Connection: close\r\n\r\n");
  }

  private static void contentLength(HeadWriter head, long bytes) {
    head.raw("Content-Length: ").raw(Long.toString(bytes)).crlf();
  }
}
