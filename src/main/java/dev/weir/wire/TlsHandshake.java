package dev.weir.wire;

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
    SSLSession session) {}
