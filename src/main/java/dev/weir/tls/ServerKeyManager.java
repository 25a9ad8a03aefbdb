package dev.weir.tls;

import java.security.Principal;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Shows one identity to every client. It may be replaced while handshakes run: the alias tells
 * which of the two latest a handshake has chosen, so that key and chain always belong together.
 */
final class ServerKeyManager extends EngineKeyManager {
  private record Held(long number, Identity identity, @Nullable Identity previous) {}

  private volatile Held held;

  ServerKeyManager(Identity identity) {
    held = new Held(0, identity, null);
  }

  /** False if it is the one already shown. */
  synchronized boolean replace(Identity identity) {
    Held now = held;
    if (identity.chain().equals(now.identity().chain())) {
      return false;
    }
    held = new Held(now.number() + 1, identity, now.identity());
    return true;
  }

  /** Whether a certificate is the one that is shown, or was until a moment ago. */
  boolean shows(X509Certificate certificate) {
    Held now = held;
    Identity previous = now.previous();
    return certificate.equals(now.identity().certificate())
        || (previous != null && certificate.equals(previous.certificate()));
  }

  @Override
  @Nullable Shown of(String alias) {
    Held now = held;
    Identity shown = alias.equals(Long.toString(now.number())) ? now.identity() : now.previous();
    return shown == null ? null : new Shown(shown.key(), shown.chain());
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    Held now = held;
    return now.identity().key().getAlgorithm().equals(keyType) ? Long.toString(now.number()) : null;
  }
}
