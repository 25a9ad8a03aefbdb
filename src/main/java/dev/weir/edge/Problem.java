package dev.weir.edge;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.util.ByteString;

/**
 * A refusal of the edge as {@code application/problem+json} (RFC 9457). Titles and details are
 * ours: nothing of the request is echoed except authorities that have been parsed.
 */
record Problem(int status, String title, String detail, String id) {

  static Problem of(FirstBytes.Refuse refused, String id) {
    return new Problem(refused.status(), refused.title(), refused.detail(), id);
  }

  byte[] body() {
    String json =
        "{\"title\":"
            + quoted(title)
            + ",\"status\":"
            + status
            + ",\"detail\":"
            + quoted(detail)
            + ",\"instance\":"
            + quoted("urn:weir:" + id)
            + "}\n";
    return json.getBytes(StandardCharsets.UTF_8);
  }

  /** The whole response, for a connection that has no HTTP layer and ends after it. */
  ByteString message() {
    byte[] body = body();
    String head =
        "HTTP/1.1 "
            + status
            + " "
            + title
            + "\r\nContent-Type: application/problem+json\r\nCache-Control: no-store"
            + "\r\nContent-Length: "
            + body.length
            + "\r\nConnection: close\r\n\r\n";
    return ByteString.fromArrayUnsafe(head.getBytes(StandardCharsets.US_ASCII))
        .concat(ByteString.fromArrayUnsafe(body))
        .compact();
  }

  EdgeResponse response() {
    return new EdgeResponse.Full(
        new ResponseHead(
            status,
            title,
            Headers.of("Content-Type", "application/problem+json", "Cache-Control", "no-store")),
        HttpEntities.create(ContentTypes.APPLICATION_JSON, ByteString.fromArrayUnsafe(body())),
        true);
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
