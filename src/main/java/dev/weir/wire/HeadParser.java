package dev.weir.wire;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.wire.GuardViolation.Reason;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Reads complete heads strictly (RFC 9112 2 to 6): rejects, never repairs. Pure and free of state;
 * an instance serves any number of connections.
 *
 * <p>Every method wants the octets of one head from its first line to its empty line, as {@link
 * HeadScanner} finds them, and throws {@link GuardViolation} for what must not pass.
 */
public final class HeadParser {
  private static final int MAX_METHOD_CHARS = 64;

  private final int maxFields;
  private final int maxTargetBytes;

  public HeadParser(GuardSettings settings) {
    this.maxFields = settings.maxFields();
    this.maxTargetBytes = settings.maxTargetBytes();
  }

  /**
   * Reads a request head.
   *
   * @param scheme what origin-form targets are for: {@code http} or {@code https}
   * @param tunnel the only authority that may be asked for here, or null for any
   */
  public RequestFacts request(
      byte[] octets, int from, int to, String scheme, @Nullable Authority tunnel) {
    int methodEnd = token(octets, from);
    int targetStart = methodEnd + 1;
    int targetEnd = targetStart;
    while (Octets.TARGET[octets[targetEnd] & 0xFF]) {
      targetEnd++;
    }
    if (targetEnd - targetStart > maxTargetBytes) {
      throw new GuardViolation(Reason.TARGET_TOO_LONG);
    }
    if (octets[targetEnd] != ' ') {
      throw new GuardViolation(lineFault(octets[targetEnd]));
    }
    if (targetEnd == targetStart) {
      throw new GuardViolation(Reason.BAD_REQUEST_LINE);
    }
    String method = method(octets, from, methodEnd);
    boolean http10 = version(octets, targetEnd + 1, to, Reason.BAD_VERSION) == 0;
    endOfLine(octets, targetEnd + 9, Reason.BAD_REQUEST_LINE);
    FieldLines fields = new FieldLines(maxFields);
    end(fields.read(octets, targetEnd + 11), to);
    String target =
        new String(octets, targetStart, targetEnd - targetStart, StandardCharsets.ISO_8859_1);
    Target parsed = Target.parse(method, target, fields.host, http10, scheme, tunnel);
    if (fields.expectUnknown) {
      throw new GuardViolation(Reason.UNKNOWN_EXPECTATION);
    }
    BodyFraming framing = requestFraming(fields, http10);
    if ("CONNECT".equals(method) && !(framing instanceof BodyFraming.None)) {
      throw new GuardViolation(Reason.CONNECT_REFUSED);
    }
    String upgrade = upgrade(fields, http10, framing);
    return new RequestFacts(
        new RequestHead(
            method, parsed.scheme(), parsed.authority(), parsed.path(), fields.headers()),
        parsed.absolute(),
        http10,
        framing,
        http10 ? fields.keepAlive && !fields.close : !fields.close,
        fields.expectContinue && !http10 && !(framing instanceof BodyFraming.None),
        upgrade);
  }

  /** Reads the head of a response to a request of that method. */
  public ResponseFacts response(byte[] octets, int from, int to, String method) {
    int minor = version(octets, from, to, Reason.BAD_STATUS_LINE);
    int i = from + 8;
    if (octets[i] != ' ' || i + 5 >= to) {
      throw new GuardViolation(Reason.BAD_STATUS_LINE);
    }
    int status = 0;
    for (int digit = 1; digit <= 3; digit++) {
      int value = octets[i + digit] - '0';
      if (value < 0 || value > 9) {
        throw new GuardViolation(Reason.BAD_STATUS_LINE);
      }
      status = status * 10 + value;
    }
    i += 4;
    // Servers leave out the space before an empty reason; nothing depends on it.
    int reasonStart = octets[i] == ' ' ? i + 1 : i;
    int reasonEnd = reasonStart;
    while (Octets.VALUE[octets[reasonEnd] & 0xFF]) {
      reasonEnd++;
    }
    // Above 599 there is no class, but servers use such numbers, and clients know what is meant.
    if (status < 100 || (reasonStart == i && reasonEnd > i)) {
      throw new GuardViolation(Reason.BAD_STATUS_LINE);
    }
    endOfLine(octets, reasonEnd, Reason.BAD_STATUS_LINE);
    FieldLines fields = new FieldLines(maxFields);
    end(fields.read(octets, reasonEnd + 2), to);
    String reason =
        new String(octets, reasonStart, reasonEnd - reasonStart, StandardCharsets.ISO_8859_1);
    return responseFacts(status, reason, fields, minor == 0, method);
  }

  /**
   * Reads a trailer section up to its empty line; fields that steer framing or routing are refused
   * there (RFC 9110 6.5.1).
   */
  public Headers trailers(byte[] octets, int from, int to) {
    FieldLines fields = new FieldLines(maxFields);
    end(fields.read(octets, from), to);
    if (fields.hop) {
      throw new GuardViolation(Reason.BAD_TRAILER);
    }
    return fields.headers();
  }

  private static int token(byte[] octets, int from) {
    int i = from;
    while (Octets.TOKEN[octets[i] & 0xFF]) {
      i++;
    }
    if (i == from || i - from > MAX_METHOD_CHARS || octets[i] != ' ') {
      throw new GuardViolation(Reason.BAD_METHOD);
    }
    return i;
  }

  /** The usual methods without a new String. */
  private static String method(byte[] octets, int from, int to) {
    int length = to - from;
    if (length == 3 && octets[from] == 'G' && octets[from + 1] == 'E' && octets[from + 2] == 'T') {
      return "GET";
    }
    String text = new String(octets, from, length, StandardCharsets.ISO_8859_1);
    return switch (text) {
      case "HEAD" -> "HEAD";
      case "POST" -> "POST";
      default -> text;
    };
  }

  private static Reason lineFault(byte octet) {
    return octet == '\r' ? Reason.BAD_REQUEST_LINE : Reason.BAD_TARGET;
  }

  /** The minor version of {@code HTTP/1.x}. */
  private static int version(byte[] octets, int at, int to, Reason otherwise) {
    boolean http =
        at + 10 <= to
            && octets[at] == 'H'
            && octets[at + 1] == 'T'
            && octets[at + 2] == 'T'
            && octets[at + 3] == 'P'
            && octets[at + 4] == '/'
            && octets[at + 6] == '.';
    if (!http) {
      throw new GuardViolation(
          otherwise == Reason.BAD_VERSION ? Reason.BAD_REQUEST_LINE : otherwise);
    }
    boolean known = octets[at + 5] == '1' && (octets[at + 7] == '0' || octets[at + 7] == '1');
    if (!known) {
      boolean preface = octets[at + 5] == '2' && at >= 2 && octets[at - 2] == '*';
      throw new GuardViolation(
          otherwise == Reason.BAD_VERSION && preface ? Reason.H2_PREFACE : otherwise);
    }
    return octets[at + 7] - '0';
  }

  private static void endOfLine(byte[] octets, int at, Reason otherwise) {
    if (octets[at] != '\r') {
      throw new GuardViolation(otherwise);
    }
    if (octets[at + 1] != '\n') {
      throw new GuardViolation(Reason.BARE_CR);
    }
  }

  /** A head that ends before the octets do was not cut where it ends. */
  private static void end(int at, int to) {
    if (at != to) {
      throw new IllegalArgumentException("not one head");
    }
  }

  private static BodyFraming requestFraming(FieldLines fields, boolean http10) {
    String coding = fields.transferEncoding;
    if (coding == null) {
      return fields.contentLength == FieldLines.NO_LENGTH
          ? BodyFraming.NONE
          : BodyFraming.length(fields.contentLength);
    }
    if (fields.contentLength != FieldLines.NO_LENGTH) {
      throw new GuardViolation(Reason.LENGTH_AND_CODING);
    }
    if (http10) {
      throw new GuardViolation(Reason.CODING_IN_HTTP_1_0);
    }
    if (!"chunked".equalsIgnoreCase(coding)) {
      throw new GuardViolation(
          isToken(coding) ? Reason.UNKNOWN_TRANSFER_CODING : Reason.BAD_TRANSFER_ENCODING);
    }
    return BodyFraming.CHUNKED;
  }

  private static boolean isToken(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (!Octets.TOKEN[text.charAt(i) & 0xFF]) {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /**
   * The Upgrade that counts: HTTP/1.1, listed in Connection, without a body, and not h2c, which
   * would carry a second protocol past every check. Any other is taken out of the head.
   */
  private static @Nullable String upgrade(FieldLines fields, boolean http10, BodyFraming framing) {
    String wanted = fields.upgrade;
    if (wanted == null) {
      return null;
    }
    boolean valid = !http10 && fields.upgradeListed && framing instanceof BodyFraming.None;
    if (!valid || wanted.isEmpty() || FieldLines.listed(wanted, "h2c")) {
      fields.dropUpgrade();
      return null;
    }
    return wanted;
  }

  private static ResponseFacts responseFacts(
      int status, String reason, FieldLines fields, boolean http10, String method) {
    boolean keepAlive = http10 ? fields.keepAlive && !fields.close : !fields.close;
    String coding = fields.transferEncoding;
    long length = fields.contentLength;
    if (coding != null && length != FieldLines.NO_LENGTH) {
      throw new GuardViolation(Reason.LENGTH_AND_CODING);
    }
    if (coding != null && http10) {
      throw new GuardViolation(Reason.CODING_IN_HTTP_1_0);
    }
    boolean chunked = "chunked".equalsIgnoreCase(coding);
    if (coding != null && !chunked) {
      // A list could end with chunked: then its end is known and what is inside is not.
      if (!isToken(coding)) {
        throw new GuardViolation(Reason.BAD_TRANSFER_ENCODING);
      }
      fields.dropTransferEncoding();
    }
    BodyFraming framing;
    boolean tunnel = "CONNECT".equals(method) && status < 300;
    if (tunnel || "HEAD".equals(method) || status < 200 || status == 204 || status == 304) {
      framing = BodyFraming.NONE;
      // A body announced where none may be: nobody knows what the server will send.
      keepAlive &= status != 204 || coding == null;
    } else if (chunked) {
      framing = BodyFraming.CHUNKED;
    } else if (length != FieldLines.NO_LENGTH) {
      framing = BodyFraming.length(length);
    } else {
      framing = BodyFraming.UNTIL_CLOSE;
      keepAlive = false;
    }
    return new ResponseFacts(
        new ResponseHead(status, reason, fields.headers()), framing, keepAlive);
  }
}
