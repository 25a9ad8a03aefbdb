package dev.weir.tls;

import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The hosts an origin's certificate is for (RFC 9525 6). */
final class OriginNames {
  private static final int DNS = 2;
  private static final int IP = 7;

  private OriginNames() {}

  /** The DNS names and addresses among the subject alternative names. */
  static List<String> of(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
      if (alternatives != null) {
        for (List<?> alternative : alternatives) {
          if (alternative.get(0) instanceof Integer type
              && (type == DNS || type == IP)
              && alternative.get(1) instanceof String name) {
            names.add(name);
          }
        }
      }
    } catch (CertificateParsingException e) {
      // What cannot be read covers nothing.
    }
    return names;
  }

  /**
   * Whether the certificate is for a DNS name. Used only for names that the JDK's own check does
   * not know how to express (underscores); all others are left to it.
   */
  static boolean covers(X509Certificate certificate, String host) {
    String wanted = host.toLowerCase(Locale.ROOT);
    return of(certificate).stream()
        .map(name -> name.toLowerCase(Locale.ROOT))
        .anyMatch(name -> matches(name, wanted));
  }

  /** A wildcard stands for exactly the whole left-most label, with two more after it. */
  private static boolean matches(String pattern, String host) {
    if (!pattern.startsWith("*.")) {
      return pattern.equals(host);
    }
    int dot = host.indexOf('.');
    String rest = pattern.substring(1);
    return dot > 0 && rest.indexOf('.', 1) > 0 && host.substring(dot).equals(rest);
  }

  static boolean isAddress(String host) {
    try {
      InetAddress.ofLiteral(host);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
