package dev.weir.tls;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.SocketFactory;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server side of a listener that speaks for itself: engines that show one certificate, brought
 * by the operator or minted by our own CA, whatever server name a client asks for. TLS 1.2 and 1.3,
 * ALPN {@code http/1.1}, session tickets on.
 *
 * <p>A brought certificate is read again by {@link #reload}: those of public authorities live for
 * weeks, a node for months. Thread-safe.
 */
public final class ServerTls {
  private static final Logger LOG = LoggerFactory.getLogger(ServerTls.class);
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] APPLICATION_PROTOCOLS = {"http/1.1"};

  /** Operators bring RSA keys too. */
  private static final String[] CIPHER_SUITES =
      Stream.concat(
              InterceptionTls.cipherSuites().stream(),
              Stream.of(
                  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"))
          .toArray(String[]::new);

  private final Supplier<Identity> source;
  private final ServerKeyManager keys;
  private final SSLContext context;

  private ServerTls(Supplier<Identity> source, TlsCaSettings settings) {
    this.source = source;
    this.keys = new ServerKeyManager(source.get());
    try {
      context = SSLContext.getInstance("TLS");
      // No trust managers: clients are not asked for certificates.
      context.init(new KeyManager[] {keys}, new TrustManager[0], null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
    context.getServerSessionContext().setSessionCacheSize(settings.sessionCacheEntries());
    context.getServerSessionContext().setSessionTimeout(settings.sessionTimeoutSeconds());
  }

  /**
   * With a certificate of the operator's.
   *
   * @param certificate path or PEM with the certificate and its chain, perhaps with the key
   * @param key path or PEM with the private key, or empty if {@code certificate} has it
   * @throws TlsConfigException if they cannot be used
   */
  public static ServerTls brought(
      String certificate, String key, TlsCaSettings settings, InstantSource clock) {
    return new ServerTls(() -> read(certificate, key, clock), settings);
  }

  /**
   * With a certificate of our own CA for that host, renewed before it ends.
   *
   * @throws TlsConfigException if no certificate can be for it
   */
  public static ServerTls minted(LeafMint mint, String host, TlsCaSettings settings) {
    return new ServerTls(() -> mint(mint, host), settings);
  }

  private static Identity mint(LeafMint mint, String host) {
    try {
      Leaf leaf = mint.leaf(host);
      return new Identity(leaf.key(), leaf.chain());
    } catch (LeafRefusedException refused) {
      throw new TlsConfigException("--tls-name: " + refused.getMessage(), refused);
    }
  }

  private static Identity read(String certificate, String key, InstantSource clock) {
    String certificates = Pem.read("--tls-cert", certificate);
    IdentityParser parser =
        new IdentityParser(
            key.isEmpty() ? "--tls-cert" : "--tls-cert and --tls-key",
            "--tls-cert must have it",
            clock.instant());
    if (key.isEmpty() && !certificates.contains("PRIVATE KEY-----")) {
      throw new TlsConfigException("--tls-cert holds no private key; give it with --tls-key");
    }
    Identity identity =
        key.isEmpty()
            ? parser.parse(certificates, null)
            : parser.parse(Pem.read("--tls-key", key), certificates);
    parser.checkValidity(identity.certificate());
    List<X509Certificate> chain = identity.chain();
    // Clients have the top of a chain or do not believe in it.
    boolean rooted = chain.size() > 1 && IdentityParser.isSelfSigned(chain.getLast());
    return new Identity(identity.key(), rooted ? chain.subList(0, chain.size() - 1) : chain);
  }

  /** A server engine that has not begun its handshake. */
  public SSLEngine engine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = new SSLParameters(CIPHER_SUITES, PROTOCOLS);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
    engine.setSSLParameters(parameters);
    return engine;
  }

  /**
   * Reads or mints the certificate anew and shows it from the next handshake on. One that cannot be
   * used is told to the log, and the old one stays. Blocks on files.
   */
  public void reload() {
    try {
      if (keys.replace(source.get())) {
        LOG.info("the listener shows a new certificate");
      }
    } catch (TlsConfigException unusable) {
      LOG.warn("the listener keeps its certificate: {}", unusable.getMessage());
    }
  }

  /** Client sockets that trust this very certificate and nothing else: for asking ourselves. */
  public SocketFactory ownSockets() {
    try {
      SSLContext own = SSLContext.getInstance("TLS");
      own.init(null, new TrustManager[] {new OnlyOurs(keys)}, null);
      return own.getSocketFactory();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
  }
}
