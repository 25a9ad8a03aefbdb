package dev.weir.tls;

import java.util.Locale;

/** What a failed handshake means when it was not about the certificate. */
final class HandshakeFailures {
  private HandshakeFailures() {}

  static String sentence(Throwable failure) {
    String message = failure.getMessage() == null ? "" : failure.getMessage();
    String text = message.toLowerCase(Locale.ROOT);
    if (text.contains("not an ssl/tls record")
        || text.contains("unrecognized ssl message")
        || text.contains("unsupported or unrecognized")) {
      return "the origin does not speak TLS on this port";
    }
    if (text.contains("protocol_version")
        || text.contains("selected protocol version")
        || text.contains("not supported by client preferences")) {
      return "the origin speaks no TLS version that is still safe (1.2 or 1.3 is needed)";
    }
    if (text.contains("no_application_protocol")) {
      return "the origin does not offer HTTP/1.1 over TLS (ALPN)";
    }
    if (text.contains("unrecognized_name")) {
      return "the origin has no certificate for this host name (unrecognized_name)";
    }
    if (text.contains("certificate_required") || text.contains("bad_certificate")) {
      return "the origin asks for a client certificate, and this proxy has none";
    }
    if (text.contains("handshake_failure")
        || text.contains("insufficient_security")
        || text.contains("no appropriate protocol")
        || text.contains("no cipher suites")) {
      return "the origin and this proxy have no TLS cipher or key exchange in common, or it asks"
          + " for a client certificate (handshake_failure)";
    }
    if (text.contains("remote host terminated")
        || text.contains("closed inbound")
        || text.contains("connection reset")) {
      return "the origin closed the connection during the TLS handshake";
    }
    return "the TLS handshake with the origin failed: "
        + TlsText.printable(message.isEmpty() ? failure.getClass().getSimpleName() : message);
  }
}
