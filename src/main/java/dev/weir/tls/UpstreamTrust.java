package dev.weir.tls;

import dev.weir.http.Authority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The client side towards origins: engines that verify the whole chain and the name, trusting the
 * operating system's authorities ({@code SSL_CERT_FILE}, else the usual places), Java's and those
 * added. Verification is switched off by rule alone. Revocation is not looked up, as in other
 * command-line clients. TLS 1.2 and 1.3, ALPN {@code http/1.1}.
 */
public final class UpstreamTrust {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] APPLICATION_PROTOCOLS = {"http/1.1"};

  private final SSLContext context;
  private final Set<X509Certificate> anchors;
  private final TlsCaSettings settings;
  private final InstantSource clock;
  private final boolean verifies;

  private UpstreamTrust(
      Set<X509Certificate> anchors,
      TlsCaSettings settings,
      InstantSource clock,
      KeyManager[] keys,
      boolean verifies) {
    if (!(TrustAnchors.trustManager(anchors) instanceof X509ExtendedTrustManager pkix)) {
      throw new IllegalStateException("this JDK's PKIX does not verify names");
    }
    this.anchors = anchors;
    this.settings = settings;
    this.clock = clock;
    this.verifies = verifies;
    try {
      context = SSLContext.getInstance("TLS");
      TrustManager trust = verifies ? new OriginTrustManager(pkix, clock) : new TrustAnyOrigin();
      context.init(keys, new TrustManager[] {trust}, null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
    context.getClientSessionContext().setSessionCacheSize(settings.upstreamSessionCacheEntries());
    context.getClientSessionContext().setSessionTimeout(settings.upstreamSessionTimeoutSeconds());
  }

  /**
   * Reads the authorities once.
   *
   * @param environment the process's environment, for {@code SSL_CERT_FILE}
   * @throws TlsConfigException if an added authority cannot be read
   */
  public static UpstreamTrust load(
      TlsCaSettings settings, Map<String, String> environment, InstantSource clock) {
    return new UpstreamTrust(
        TrustAnchors.gather(settings.upstreamCa(), environment),
        settings,
        clock,
        new KeyManager[0],
        true);
  }

  /**
   * The same as a rule has it: with further authorities, with a certificate of our own, or without
   * verifying anything.
   *
   * @throws TlsConfigException for what cannot be used
   */
  public UpstreamTrust on(RuleTls rule) {
    Set<X509Certificate> all = new LinkedHashSet<>(anchors);
    all.addAll(authorities(rule));
    return new UpstreamTrust(all, settings, clock, keys(rule, clock.instant()), !rule.insecure());
  }

  /**
   * Refuses what cannot be used.
   *
   * @throws TlsConfigException with what is wrong
   */
  public static void check(RuleTls rule, Instant now) {
    authorities(rule);
    keys(rule, now);
  }

  private static List<X509Certificate> authorities(RuleTls rule) {
    if (rule.authorities().isEmpty()) {
      return List.of();
    }
    Pem.Certificates found = Pem.certificates(rule.authorities());
    if (found.unreadable() > 0 || found.certificates().isEmpty()) {
      throw new TlsConfigException(
          "ca holds "
              + (found.unreadable() > 0 ? "a certificate that cannot be read" : "no certificate"));
    }
    return found.certificates();
  }

  private static KeyManager[] keys(RuleTls rule, Instant now) {
    if (rule.certificate().isEmpty()) {
      return new KeyManager[0];
    }
    Identity own =
        new IdentityParser("key", "give it as certificate", now)
            .parse(rule.key(), rule.certificate());
    try {
      char[] none = new char[0];
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, none);
      store.setKeyEntry("client", own.key(), none, own.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(store, none);
      return keys.getKeyManagers();
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsConfigException("key and certificate do not make an identity", e);
    }
  }

  /** How many authorities are trusted. */
  public int anchors() {
    return anchors.size();
  }

  /**
   * A client engine that has not begun its handshake.
   *
   * @param host a name, or an address without brackets; what the certificate must be for
   */
  public SSLEngine clientEngine(String host, int port) {
    String name = Authority.withoutDot(host);
    SSLEngine engine = context.createSSLEngine(name, port);
    engine.setUseClientMode(true);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
    // Underscores stand in real names that the JDK's HTTPS rules call illegal; for those
    // OriginTrustManager compares names itself.
    if (verifies && name.indexOf('_') < 0) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
    }
    parameters.setServerNames(serverNames(name));
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** RFC 6066 3: addresses are not sent. */
  private static List<SNIServerName> serverNames(String host) {
    if (OriginNames.isAddress(host)) {
      return List.of();
    }
    try {
      return List.of(
          new SNIHostName(host.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.US_ASCII)));
    } catch (IllegalArgumentException e) {
      return List.of();
    }
  }

  /** Why a handshake with an origin failed: one sentence that names the reason. */
  public String explain(Throwable failure) {
    OriginCertificateException refused =
        OriginVerdicts.cause(failure, OriginCertificateException.class);
    if (refused != null && refused.getMessage() != null) {
      return refused.getMessage();
    }
    SSLException tls = OriginVerdicts.cause(failure, SSLException.class);
    return HandshakeFailures.sentence(tls == null ? failure : tls);
  }
}
