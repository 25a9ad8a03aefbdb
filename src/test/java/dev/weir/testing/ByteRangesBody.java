package dev.weir.testing;

import dev.weir.http.Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads multipart/byteranges bodies the way a client does, strictly. */
public final class ByteRangesBody {
  private static final String BOUNDARY = "boundary=";

  private ByteRangesBody() {}

  /** One part of a body. */
  public record Part(Headers fields, byte[] bytes) {}

  /** The parts; fails if the body is anything but the parts and what belongs between them. */
  public static List<Part> parse(String mediaType, byte[] body) {
    String text = new String(body, StandardCharsets.ISO_8859_1);
    String boundary = mediaType.substring(mediaType.indexOf(BOUNDARY) + BOUNDARY.length());
    List<Part> parts = new ArrayList<>();
    int at = 0;
    String delimiter = "--" + boundary;
    while (text.startsWith(delimiter + "\r\n", at)) {
      int fieldsAt = at + delimiter.length() + 2;
      int bytesAt = text.indexOf("\r\n\r\n", fieldsAt) + 4;
      Headers.Builder fields = Headers.builder();
      for (String line : text.substring(fieldsAt, bytesAt - 4).split("\r\n")) {
        int colon = line.indexOf(':');
        fields.add(line.substring(0, colon), line.substring(colon + 1).strip());
      }
      Headers read = fields.build();
      int end = bytesAt + length(read);
      parts.add(new Part(read, text.substring(bytesAt, end).getBytes(StandardCharsets.ISO_8859_1)));
      if (!text.startsWith("\r\n", end)) {
        throw new IllegalArgumentException("a part does not end where its range does");
      }
      at = end + 2;
    }
    if (!text.substring(at).equals(delimiter + "--\r\n")) {
      throw new IllegalArgumentException("not the end of a multipart body: " + text.substring(at));
    }
    return parts;
  }

  private static int length(Headers fields) {
    String[] range = fields.first("Content-Range").split("[ \\-/]");
    return Integer.parseInt(range[2]) - Integer.parseInt(range[1]) + 1;
  }
}
