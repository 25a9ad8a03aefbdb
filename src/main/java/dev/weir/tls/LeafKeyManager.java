package dev.weir.tls;

import java.nio.charset.StandardCharsets;
import java.security.Principal;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Picks the leaf while a handshake runs: for the name the client asked for in SNI, else for the
 * host the engine was made for. The alias is that name; there is no key store behind it.
 */
final class LeafKeyManager extends EngineKeyManager {
  private static final Logger LOG = LoggerFactory.getLogger(LeafKeyManager.class);
  private static final String KEY_TYPE = "EC";

  private final LeafMint mint;

  LeafKeyManager(LeafMint mint) {
    this.mint = mint;
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    if (!KEY_TYPE.equals(keyType) || engine == null) {
      return null;
    }
    String name = requestedName(engine.getHandshakeSession());
    if (name == null) {
      name = engine.getPeerHost();
    }
    Leaf leaf = name == null ? null : leafOrNull(name);
    return leaf == null ? null : leaf.name();
  }

  private static @Nullable String requestedName(@Nullable SSLSession session) {
    if (session instanceof ExtendedSSLSession extended) {
      for (SNIServerName name : extended.getRequestedServerNames()) {
        if (name instanceof SNIHostName host) {
          return host.getAsciiName();
        }
        if (name.getType() == 0) {
          return new String(name.getEncoded(), StandardCharsets.ISO_8859_1);
        }
      }
    }
    return null;
  }

  private @Nullable Leaf leafOrNull(String name) {
    try {
      return mint.leaf(name);
    } catch (LeafRefusedException e) {
      LOG.debug("no leaf in a handshake: {}", e.getMessage());
      return null;
    }
  }

  @Override
  @Nullable Shown of(String alias) {
    Leaf leaf = leafOrNull(alias);
    return leaf == null ? null : new Shown(leaf.key(), leaf.chain());
  }
}
