package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;
import java.util.Map;
import org.apache.pekko.util.ByteString;

/** The guard's own answer to a message that must not pass. */
final class Refusal {
  private static final Map<Integer, String> PHRASES =
      Map.of(
          400, "Bad Request",
          408, "Request Timeout",
          414, "URI Too Long",
          417, "Expectation Failed",
          421, "Misdirected Request",
          431, "Request Header Fields Too Large",
          501, "Not Implemented",
          505, "HTTP Version Not Supported");

  private Refusal() {}

  /** Head and body; nothing of the request is repeated in it. */
  static ByteString render(Reason reason, String id, boolean withoutBody) {
    String phrase = PHRASES.getOrDefault(reason.status(), "");
    String body =
        reason.status() + " " + phrase + ": " + reason.sentence() + "\nRequest id: " + id + "\n";
    HeadWriter writer =
        new HeadWriter(512)
            .statusLine(reason.status(), phrase)
            .field("Content-Type", "text/plain; charset=utf-8")
            .field("Cache-Control", "no-store")
            .field("X-Request-ID", id)
            .field("Content-Length", Integer.toString(body.length()))
            .field("Connection", "close")
            .crlf();
    return (withoutBody ? writer : writer.raw(body)).toByteString();
  }
}
