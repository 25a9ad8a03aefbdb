package dev.weir.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads the server name out of a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3) before any engine
 * exists, so that it can say which leaf or tunnel the connection is for. Pure; judges nothing else
 * of the handshake, which the engine does.
 */
public final class ClientHello {
  private static final int RECORD_HEADER = 5;
  private static final int HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int SERVER_NAME = 0;
  private static final int RANDOM_AND_VERSION = 34;

  /** What the bytes so far tell. */
  public sealed interface Reading {}

  /** The hello is not complete yet. */
  public record Incomplete() implements Reading {}

  /** Not a ClientHello. */
  public record Malformed() implements Reading {}

  /**
   * A whole ClientHello.
   *
   * @param serverName the name asked for, lower case; null if none
   */
  public record Complete(@Nullable String serverName) implements Reading {}

  private static final Reading INCOMPLETE = new Incomplete();
  private static final Reading MALFORMED = new Malformed();

  private ClientHello() {}

  /** Reads the hello at the start of these bytes; it may span records. */
  public static Reading read(byte[] bytes) {
    byte[] message = new byte[bytes.length];
    int filled = 0;
    int at = 0;
    while (bytes.length - at >= RECORD_HEADER) {
      if (bytes[at] != HANDSHAKE || bytes[at + 1] != 3) {
        return MALFORMED;
      }
      int length = int16(bytes, at + 3);
      int here = Math.min(length, bytes.length - at - RECORD_HEADER);
      System.arraycopy(bytes, at + RECORD_HEADER, message, filled, here);
      filled += here;
      at += RECORD_HEADER + here;
      if (filled >= 4) {
        if (message[0] != CLIENT_HELLO) {
          return MALFORMED;
        }
        int body = ((message[1] & 0xff) << 16) + int16(message, 2);
        if (filled >= 4 + body) {
          return parse(Arrays.copyOfRange(message, 4, 4 + body));
        }
      }
      if (here < length || length == 0) {
        break;
      }
    }
    return INCOMPLETE;
  }

  private static Reading parse(byte[] hello) {
    try {
      int at = RANDOM_AND_VERSION;
      at += 1 + (hello[at] & 0xff); // session id
      at += 2 + int16(hello, at); // cipher suites
      at += 1 + (hello[at] & 0xff); // compression methods
      if (at == hello.length) {
        return new Complete(null);
      }
      int end = at + 2 + int16(hello, at);
      at += 2;
      while (at < end) {
        int type = int16(hello, at);
        int length = int16(hello, at + 2);
        at += 4;
        if (type == SERVER_NAME) {
          return name(hello, at, length);
        }
        at += length;
      }
      return new Complete(null);
    } catch (IndexOutOfBoundsException lengthsLie) {
      return MALFORMED;
    }
  }

  /** The list holds one host_name (type 0); other types do not exist. */
  private static Reading name(byte[] hello, int at, int length) {
    if (length < 5 || hello[at + 2] != 0) {
      return MALFORMED;
    }
    int bytes = int16(hello, at + 3);
    if (bytes == 0 || bytes > length - 5) {
      return MALFORMED;
    }
    String name = new String(hello, at + 5, bytes, StandardCharsets.ISO_8859_1);
    return new Complete(name.toLowerCase(Locale.ROOT));
  }

  private static int int16(byte[] bytes, int at) {
    return ((bytes[at] & 0xff) << 8) + (bytes[at + 1] & 0xff);
  }
}
