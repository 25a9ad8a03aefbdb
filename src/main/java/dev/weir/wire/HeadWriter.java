package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * Renders heads, every char of a name or value as one octet. Content-Length, Transfer-Encoding and
 * Connection are left out wherever the guard writes its own. Not thread-safe.
 *
 * <p>A field that is no field (CR, LF or NUL in it, a char above 0xFF) throws {@link
 * IllegalArgumentException}: it would become another message.
 */
public final class HeadWriter {
  private static final byte[] VERSION = ascii("HTTP/1.1 ");

  private byte[] octets;
  private int length;

  HeadWriter(int capacity) {
    octets = new byte[capacity];
  }

  /**
   * The lines of those fields as they are stored once and sent often, for {@link
   * RequestChannel.Exchange#respond(ResponseHead, byte[])}.
   */
  public static byte[] render(Headers headers) {
    return new HeadWriter(64 * headers.size()).responseFields(headers).bytes();
  }

  static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  HeadWriter statusLine(int status, String reason) {
    append(VERSION);
    append((byte) ('0' + status / 100));
    append((byte) ('0' + status / 10 % 10));
    append((byte) ('0' + status % 10));
    append((byte) ' ');
    return checked(reason).crlf();
  }

  HeadWriter requestLine(RequestHead head) {
    return checked(head.method()).raw(" ").checked(head.target()).raw(" HTTP/1.1\r\n");
  }

  /** All fields of a response but those that the guard writes. */
  HeadWriter responseFields(Headers headers) {
    for (int i = 0; i < headers.size(); i++) {
      if (!isFraming(headers.name(i)) && !"connection".equalsIgnoreCase(headers.name(i))) {
        field(headers.name(i), headers.value(i));
      }
    }
    return this;
  }

  /** All fields of a request but those that the guard writes; Connection is the caller's. */
  HeadWriter requestFields(Headers headers) {
    for (int i = 0; i < headers.size(); i++) {
      String name = headers.name(i);
      if (!isFraming(name) && !"expect".equalsIgnoreCase(name)) {
        field(name, headers.value(i));
      }
    }
    return this;
  }

  /** All fields as they stand. */
  HeadWriter allFields(Headers headers) {
    for (int i = 0; i < headers.size(); i++) {
      field(headers.name(i), headers.value(i));
    }
    return this;
  }

  /** The Trailer field of a chunked body (RFC 9110 6.6.2). */
  HeadWriter announcement(Trailers trailers) {
    return trailers.announced().isEmpty() ? this : field("Trailer", trailers.announced());
  }

  /**
   * What Pekko rendered up to the end of a chunked body, with these fields in its trailer section:
   * Pekko's own is always empty.
   */
  static ByteString trailed(ByteString rendered, Headers trailers) {
    if (trailers.isEmpty() || rendered.size() < 2) {
      return rendered;
    }
    HeadWriter section = new HeadWriter(64 * trailers.size() + 2).allFields(trailers).crlf();
    return rendered.dropRight(2).concat(section.toByteString()).compact();
  }

  HeadWriter field(String name, String value) {
    return checked(name).raw(": ").checked(value).crlf();
  }

  HeadWriter raw(String ascii) {
    int count = ascii.length();
    ensure(count);
    for (int i = 0; i < count; i++) {
      octets[length++] = (byte) ascii.charAt(i);
    }
    return this;
  }

  HeadWriter block(byte[] block) {
    append(block);
    return this;
  }

  HeadWriter append(ByteString bytes) {
    int count = bytes.size();
    ensure(count);
    bytes.copyToArray(octets, length, count);
    length += count;
    return this;
  }

  HeadWriter crlf() {
    return raw("\r\n");
  }

  /** What has been written; the writer must not be used after it. */
  ByteString toByteString() {
    return length == octets.length
        ? ByteString.fromArrayUnsafe(octets)
        : ByteString.fromArrayUnsafe(octets, 0, length);
  }

  byte[] bytes() {
    return octets.length == length ? octets : Arrays.copyOf(octets, length);
  }

  private static boolean isFraming(String name) {
    return switch (name.length()) {
      case 14 -> "content-length".equalsIgnoreCase(name);
      case 17 -> "transfer-encoding".equalsIgnoreCase(name);
      default -> false;
    };
  }

  private HeadWriter checked(String text) {
    int count = text.length();
    ensure(count);
    for (int i = 0; i < count; i++) {
      char c = text.charAt(i);
      if (c > 0xFF || c == '\r' || c == '\n' || c == 0) {
        throw new IllegalArgumentException("a char that no head may hold: " + (int) c);
      }
      octets[length++] = (byte) c;
    }
    return this;
  }

  private void append(byte octet) {
    ensure(1);
    octets[length++] = octet;
  }

  private void append(byte[] more) {
    ensure(more.length);
    System.arraycopy(more, 0, octets, length, more.length);
    length += more.length;
  }

  private void ensure(int more) {
    if (length + more > octets.length) {
      octets = Arrays.copyOf(octets, Math.max(octets.length * 2, length + more + 64));
    }
  }
}
