package dev.weir.respond;

import dev.weir.http.ByteRanges;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A multipart/byteranges body (RFC 9110 14.6): what stands before, between and after its parts, and
 * so its exact length before the first byte is sent. The boundary is random, so that no stored
 * content can hold it on purpose.
 */
public final class Multipart {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int BOUNDARY_BYTES = 16;

  private final String boundary;
  private final @Nullable String contentType;
  private final Reply.Parts parts;

  Multipart(String boundary, Reply.Parts parts, @Nullable String contentType) {
    this.boundary = boundary;
    this.parts = parts;
    this.contentType = contentType;
  }

  /**
   * For those parts.
   *
   * @param contentType of the whole representation, repeated in each part; or null if it has none
   */
  public static Multipart of(Reply.Parts parts, @Nullable String contentType) {
    byte[] random = new byte[BOUNDARY_BYTES];
    RANDOM.nextBytes(random);
    return new Multipart(HexFormat.of().formatHex(random), parts, contentType);
  }

  /** The value of Content-Type of the response. */
  public String mediaType() {
    return "multipart/byteranges; boundary=" + boundary;
  }

  public List<ByteRanges.Part> ranges() {
    return parts.ranges();
  }

  /** What stands before the bytes of that part. */
  public byte[] heading(int part) {
    StringBuilder text = new StringBuilder(160);
    text.append(part == 0 ? "--" : "\r\n--").append(boundary).append("\r\n");
    if (contentType != null) {
      text.append("Content-Type: ").append(contentType).append("\r\n");
    }
    text.append("Content-Range: ")
        .append(ranges().get(part).contentRange(parts.totalBytes()))
        .append("\r\n\r\n");
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /** What stands after the bytes of the last part. */
  public byte[] closing() {
    return ("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The length of the whole body. */
  public long length() {
    long length = closing().length;
    for (int i = 0; i < ranges().size(); i++) {
      length += heading(i).length + ranges().get(i).length();
    }
    return length;
  }
}
