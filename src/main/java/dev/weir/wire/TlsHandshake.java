package dev.weir.wire;

import java.util.Locale;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * What a finished TLS handshake agreed on.
 *
 * @param protocol {@code TLSv1.2} or {@code TLSv1.3}
 * @param applicationProtocol the ALPN result, empty if none was agreed
 * @param serverName the name the client asked for (SNI, RFC 6066 3), lower case; null if none, and
 *     always null in client mode
 */
public record TlsHandshake(
    String protocol,
    String cipherSuite,
    String applicationProtocol,
    @Nullable String serverName,
    SSLSession session) {

  /** What that engine has just finished. */
  static TlsHandshake of(SSLEngine engine) {
    SSLSession session = engine.getSession();
    String application = engine.getApplicationProtocol();
    return new TlsHandshake(
        session.getProtocol(),
        session.getCipherSuite(),
        application == null ? "" : application,
        engine.getUseClientMode() ? null : requestedName(session),
        session);
  }

  private static @Nullable String requestedName(SSLSession session) {
    if (session instanceof ExtendedSSLSession extended) {
      for (Object name : extended.getRequestedServerNames()) {
        if (name instanceof SNIHostName host) {
          return host.getAsciiName().toLowerCase(Locale.ROOT);
        }
      }
    }
    return null;
  }
}
