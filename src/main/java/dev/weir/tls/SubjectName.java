package dev.weir.tls;

import dev.weir.http.Authority;
import java.net.IDN;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A host as a certificate names it (RFC 5280 4.2.1.6): a DNS name in lower-case ASCII (RFC 5890
 * A-labels) or an IP address.
 *
 * @param text the one spelling leaves are kept under; an address without brackets
 */
record SubjectName(String text, GeneralName alternativeName) {
  private static final int MAX_LABEL_BYTES = 63;

  /** Underscores are not host names by RFC 1123, but names in daily use have them. */
  private static final Pattern LABEL = Pattern.compile("[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?");

  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){3}");

  /** Empty if no certificate can name it; {@code maxBytes} bounds the ASCII form. */
  static Optional<SubjectName> parse(String host, int maxBytes) {
    String name = host;
    if (name.length() > 2 * maxBytes || name.isEmpty()) {
      return Optional.empty();
    }
    if (name.startsWith("[") && name.endsWith("]")) {
      name = name.substring(1, name.length() - 1);
    }
    if (name.indexOf(':') >= 0 || IPV4.matcher(name).matches()) {
      return address(name);
    }
    return dns(Authority.withoutDot(name), maxBytes);
  }

  private static Optional<SubjectName> address(String literal) {
    if (literal.indexOf('%') >= 0) {
      return Optional.empty();
    }
    try {
      InetAddress parsed = InetAddress.ofLiteral(literal);
      byte[] octets = parsed.getAddress();
      String text = parsed.getHostAddress();
      if (parsed instanceof Inet4Address && literal.indexOf(':') >= 0) {
        // Java folds ::ffff:a.b.c.d to IPv4; clients compare the sixteen octets they were given.
        octets = mapped(octets);
        text = "::ffff:" + text;
      }
      return Optional.of(
          new SubjectName(
              text, new GeneralName(GeneralName.iPAddress, new DEROctetString(octets))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] mapped(byte[] ipv4) {
    byte[] octets = new byte[16];
    Arrays.fill(octets, 10, 12, (byte) 0xff);
    System.arraycopy(ipv4, 0, octets, 12, 4);
    return octets;
  }

  private static Optional<SubjectName> dns(String name, int maxBytes) {
    String ascii;
    try {
      ascii = IDN.toASCII(name, IDN.ALLOW_UNASSIGNED).toLowerCase(Locale.ROOT);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      return Optional.empty();
    }
    String[] labels = ascii.split("\\.", -1);
    boolean sound =
        ascii.length() <= maxBytes
            && Arrays.stream(labels)
                .allMatch(label -> label.length() <= MAX_LABEL_BYTES && isLabel(label))
            && !isNumber(labels[labels.length - 1]);
    return sound
        ? Optional.of(new SubjectName(ascii, new GeneralName(GeneralName.dNSName, ascii)))
        : Optional.empty();
  }

  private static boolean isLabel(String label) {
    return LABEL.matcher(label).matches();
  }

  /** A name that ends in a number is a botched IPv4 address (WHATWG URL, RFC 3696 2). */
  private static boolean isNumber(String label) {
    return label.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
