package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Takes the heads of requests out of what a client sends. One empty line before a request line is
 * borne (RFC 9112 2.2).
 */
final class RequestHeads {
  private final RequestGuard guard;
  private final HeadParser parser;
  private final HeadScanner scanner;
  private boolean emptyLineSkipped;

  RequestHeads(RequestGuard guard, HeadParser parser) {
    this.guard = guard;
    this.parser = parser;
    this.scanner = HeadScanner.ofRequests(guard.settings);
  }

  void skipEmptyLine(InputBuffer in) {
    if (!emptyLineSkipped && in.size() >= 2 && in.octets[in.from] == '\r') {
      if (in.octets[in.from + 1] != '\n') {
        throw new GuardViolation(Reason.BARE_CR);
      }
      in.skip(2);
      emptyLineSkipped = true;
    }
    if (emptyLineSkipped && !in.isEmpty() && in.octets[in.from] == '\r') {
      throw new GuardViolation(Reason.BAD_REQUEST_LINE);
    }
  }

  /** The next head, or null if more octets must arrive first. One that is refused stays there. */
  @Nullable RequestFacts next(InputBuffer in) {
    int length = in.octets[in.from] == '\r' ? -1 : scanner.find(in.octets, in.from, in.to);
    if (length < 0) {
      return null;
    }
    RequestFacts facts =
        parser.request(in.octets, in.from, in.from + length, guard.scheme, guard.tunnel);
    if (guard.misdirected.getAsBoolean()) {
      throw new GuardViolation(Reason.MISDIRECTED);
    }
    scanner.reset();
    emptyLineSkipped = false;
    in.skip(length);
    return facts;
  }

  /** Whether what is there begins as a HEAD request: then nothing may follow a response's head. */
  static boolean beginsAsHead(InputBuffer in) {
    return in.size() > 4
        && in.octets[in.from] == 'H'
        && in.octets[in.from + 1] == 'E'
        && in.octets[in.from + 4] == ' ';
  }
}
