package dev.weir.tls;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.StandardConstants;
import org.jspecify.annotations.Nullable;

/**
 * Accepts every server name and remembers it. Having a matcher at all is what makes the JDK compare
 * the name with that of the session a client wants to resume (RFC 6066 3), and it sees the name of
 * this handshake, where the resumed session would tell that of an earlier one.
 */
final class ServerNameRecorder extends SNIMatcher {
  private volatile @Nullable String name;

  ServerNameRecorder() {
    super(StandardConstants.SNI_HOST_NAME);
  }

  @Override
  public boolean matches(SNIServerName serverName) {
    String text =
        serverName instanceof SNIHostName host
            ? host.getAsciiName()
            : new String(serverName.getEncoded(), StandardCharsets.ISO_8859_1);
    name = text.toLowerCase(Locale.ROOT);
    return true;
  }

  @Nullable String name() {
    return name;
  }
}
