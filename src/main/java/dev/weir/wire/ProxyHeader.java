package dev.weir.wire;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header that a TCP balancer puts before the bytes of a connection to say who the client
 * is: the PROXY protocol, version 1 (a line of text) and 2 (binary). Pure. What is not exactly such
 * a header is malformed; nothing is guessed. Additional values of version 2 (TLVs) are skipped.
 *
 * <p>Read it only where the sender is trusted: it can name any client it likes.
 */
public final class ProxyHeader {
  /** The longest header of version 1, its CRLF included. */
  public static final int V1_MAX_BYTES = 107;

  private static final byte[] V1_START = "PROXY ".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] V2_START = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A
  };
  private static final int V2_FIXED_BYTES = 16;
  private static final int V2_LOCAL = 0x20;
  private static final int V2_PROXY = 0x21;
  private static final int UNSPECIFIED = 0x00;
  private static final int TCP4 = 0x11;
  private static final int TCP6 = 0x21;
  private static final int UNIX_STREAM = 0x31;
  private static final int UNIX_ADDRESS_BYTES = 216;

  private static final Pattern IPV4 = Pattern.compile("(0|[1-9]\\d{0,2})(\\.(0|[1-9]\\d{0,2})){3}");
  private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:]{2,39}");
  private static final Pattern PORT = Pattern.compile("0|[1-9]\\d{0,4}");

  private static final Reading INCOMPLETE = new Incomplete();
  private static final Reading ABSENT = new Malformed("no PROXY header");

  /** What the bytes so far tell. */
  public sealed interface Reading {}

  /** The header is not complete yet. */
  public record Incomplete() implements Reading {}

  /** Not a header, or a damaged one. */
  public record Malformed(String why) implements Reading {}

  /**
   * A whole header.
   *
   * @param addresses of the client, or null where the sender speaks for itself (a health check:
   *     {@code LOCAL}, {@code UNKNOWN}) or its client came by no IP address
   * @param bytes its length
   */
  public record Complete(@Nullable Addresses addresses, int bytes) implements Reading {}

  /** The ends of the connection that the sender has accepted. */
  public record Addresses(InetSocketAddress source, InetSocketAddress destination) {}

  private ProxyHeader() {}

  /**
   * Reads the header at the start of these bytes.
   *
   * @param maxBytes a longer one is malformed; at least {@link #V1_MAX_BYTES}
   */
  public static Reading read(byte[] bytes, int maxBytes) {
    if (startsWith(bytes, V1_START)) {
      return bytes.length < V1_START.length ? INCOMPLETE : line(bytes);
    }
    if (startsWith(bytes, V2_START)) {
      return bytes.length < V2_FIXED_BYTES ? INCOMPLETE : binary(bytes, maxBytes);
    }
    return ABSENT;
  }

  /** Whether the bytes are the beginning of that start, or begin with it. */
  private static boolean startsWith(byte[] bytes, byte[] start) {
    int length = Math.min(bytes.length, start.length);
    return Arrays.equals(bytes, 0, length, start, 0, length);
  }

  // ---- version 1 ----------------------------------------------------------------------------

  private static Reading line(byte[] bytes) {
    int limit = Math.min(bytes.length, V1_MAX_BYTES);
    int end = 0;
    while (end < limit && bytes[end] != '\r') {
      end++;
    }
    if (end + 1 >= limit) {
      return bytes.length < V1_MAX_BYTES ? INCOMPLETE : new Malformed("a PROXY line without end");
    }
    if (bytes[end + 1] != '\n') {
      return new Malformed("a PROXY line that ends in a bare CR");
    }
    String line = new String(bytes, 0, end, StandardCharsets.ISO_8859_1);
    String[] words = line.split(" ", -1);
    int length = end + 2;
    if (words[1].equals("UNKNOWN")) {
      return new Complete(null, length); // what follows is to be ignored
    }
    Pattern form = words[1].equals("TCP4") ? IPV4 : words[1].equals("TCP6") ? IPV6 : null;
    if (words.length != 6 || form == null) {
      return new Malformed("a PROXY line with other words than it should have");
    }
    InetSocketAddress source = address(form, words[2], words[4]);
    InetSocketAddress destination = address(form, words[3], words[5]);
    return source == null || destination == null
        ? new Malformed("a PROXY line with a malformed address or port")
        : new Complete(new Addresses(source, destination), length);
  }

  private static @Nullable InetSocketAddress address(Pattern form, String host, String port) {
    if (!form.matcher(host).matches() || !PORT.matcher(port).matches()) {
      return null;
    }
    int number = Integer.parseInt(port);
    if (number > 65_535) {
      return null;
    }
    try {
      InetAddress address =
          form == IPV4 ? Inet4Address.ofLiteral(host) : Inet6Address.ofLiteral(host);
      return new InetSocketAddress(address, number);
    } catch (IllegalArgumentException malformed) {
      return null;
    }
  }

  // ---- version 2 ----------------------------------------------------------------------------

  private static Reading binary(byte[] bytes, int maxBytes) {
    int command = bytes[12] & 0xff;
    if (command != V2_LOCAL && command != V2_PROXY) {
      return new Malformed("a PROXY header of an unknown version or command");
    }
    int length = V2_FIXED_BYTES + int16(bytes, 14);
    if (length > maxBytes) {
      return new Malformed("a PROXY header of " + length + " bytes, more than " + maxBytes);
    }
    if (bytes.length < length) {
      return INCOMPLETE;
    }
    if (command == V2_LOCAL) {
      return new Complete(null, length); // the rest is to be ignored
    }
    return switch (bytes[13] & 0xff) {
      case TCP4 -> addressed(bytes, 4, length);
      case TCP6 -> addressed(bytes, 16, length);
      case UNIX_STREAM -> unaddressed(bytes, UNIX_ADDRESS_BYTES, length);
      case UNSPECIFIED -> new Complete(null, length);
      default -> new Malformed("a PROXY header of no stream");
    };
  }

  private static Reading addressed(byte[] bytes, int addressBytes, int length) {
    int source = V2_FIXED_BYTES;
    int destination = source + addressBytes;
    int ports = destination + addressBytes;
    if (ports + 4 > length || !wellFormedValues(bytes, ports + 4, length)) {
      return new Malformed("a PROXY header whose lengths lie");
    }
    return new Complete(
        new Addresses(
            socket(bytes, source, addressBytes, int16(bytes, ports)),
            socket(bytes, destination, addressBytes, int16(bytes, ports + 2))),
        length);
  }

  private static Reading unaddressed(byte[] bytes, int addressBytes, int length) {
    int values = V2_FIXED_BYTES + addressBytes;
    return values > length || !wellFormedValues(bytes, values, length)
        ? new Malformed("a PROXY header whose lengths lie")
        : new Complete(null, length);
  }

  private static InetSocketAddress socket(byte[] bytes, int at, int addressBytes, int port) {
    try {
      byte[] address = Arrays.copyOfRange(bytes, at, at + addressBytes);
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException neverOfThisLength) {
      throw new IllegalStateException(neverOfThisLength);
    }
  }

  /** Type (1), length (2), value; again and again up to exactly the end. */
  private static boolean wellFormedValues(byte[] bytes, int from, int end) {
    int at = from;
    while (at + 3 <= end) {
      at += 3 + int16(bytes, at + 1);
    }
    return at == end;
  }

  private static int int16(byte[] bytes, int at) {
    return ((bytes[at] & 0xff) << 8) + (bytes[at + 1] & 0xff);
  }
}
