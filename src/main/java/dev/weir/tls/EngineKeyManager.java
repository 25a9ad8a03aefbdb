package dev.weir.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * A key manager of listeners: they handshake by engines, which say whom they are for, so it is
 * never asked by a socket, and never for a client's key.
 */
abstract class EngineKeyManager extends X509ExtendedKeyManager {
  /** What an alias that was chosen here stands for; null if it is no longer held. */
  abstract @Nullable Shown of(String alias);

  /** A key and the chain of its certificate, which belong together. */
  record Shown(PrivateKey key, List<X509Certificate> chain) {}

  @Override
  public final @Nullable PrivateKey getPrivateKey(String alias) {
    Shown shown = of(alias);
    return shown == null ? null : shown.key();
  }

  @Override
  public final X509Certificate @Nullable [] getCertificateChain(String alias) {
    Shown shown = of(alias);
    return shown == null ? null : shown.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public final @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public final @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public final String @Nullable [] getClientAliases(
      String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  @Override
  public final String @Nullable [] getServerAliases(
      String keyType, Principal @Nullable [] issuers) {
    return null;
  }
}
