package dev.weir.tls;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The server side of interception: engines that show each client the leaf for the name it wants.
 * TLS 1.2 and 1.3, ALPN {@code http/1.1}, session tickets on.
 *
 * <p>One {@code SSLContext} serves all names, so a session must not be resumed for another host
 * than it was made for. The JDK holds that line for us: a matcher makes it compare server names;
 * for clients that send none (addresses) each engine carries the host as its endpoint
 * identification algorithm, which a server uses for nothing but this comparison; and a ticket is
 * good only while the key manager still has the very leaf it was issued under.
 */
public final class InterceptionTls {
  /** Forward-secret AEAD only, the cheapest on hardware with AES first. Our key is ECDSA. */
  private static final String[] CIPHER_SUITES = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  };

  /**
   * Of a leaf's key, and the curves clients have: the JDK judges each one anew in each handshake.
   */
  private static final String[] SIGNATURE_SCHEMES = {"ecdsa_secp256r1_sha256"};

  private static final String[] NAMED_GROUPS = {"x25519", "secp256r1", "secp384r1", "secp521r1"};
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};
  private static final String[] APPLICATION_PROTOCOLS = {"http/1.1"};
  private static final String SESSION_MARK = "weir:";

  static List<String> cipherSuites() {
    return List.of(CIPHER_SUITES);
  }

  private final LeafMint mint;
  private final SSLContext context;

  public InterceptionTls(LeafMint mint, TlsCaSettings settings) {
    this.mint = mint;
    try {
      context = SSLContext.getInstance("TLS");
      // No trust managers: clients are not asked for certificates.
      context.init(new KeyManager[] {new LeafKeyManager(mint)}, new TrustManager[0], null);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has TLS", e);
    }
    context.getServerSessionContext().setSessionCacheSize(settings.sessionCacheEntries());
    context.getServerSessionContext().setSessionTimeout(settings.sessionTimeoutSeconds());
  }

  /**
   * A server engine that has not begun its handshake.
   *
   * @param host whom the client asked for with CONNECT (name, or address with or without brackets);
   *     null for TLS without CONNECT, where a client that sends no server name is refused. Such
   *     clients cannot resume either, because tickets are opened before the name is read; a caller
   *     that has read the ClientHello can give its server name here instead
   * @throws LeafRefusedException if no leaf can be had for {@code host}
   */
  public SSLEngine engine(@Nullable String host) {
    String name = host == null ? null : mint.leaf(host).name();
    SSLEngine engine = name == null ? context.createSSLEngine() : context.createSSLEngine(name, -1);
    engine.setUseClientMode(false);
    SSLParameters parameters = new SSLParameters(CIPHER_SUITES, PROTOCOLS);
    parameters.setUseCipherSuitesOrder(true);
    parameters.setApplicationProtocols(APPLICATION_PROTOCOLS);
    parameters.setSignatureSchemes(SIGNATURE_SCHEMES);
    parameters.setNamedGroups(NAMED_GROUPS);
    parameters.setSNIMatchers(List.of(new ServerNameRecorder()));
    parameters.setEndpointIdentificationAlgorithm(SESSION_MARK + (name == null ? "" : mark(name)));
    engine.setSSLParameters(parameters);
    return engine;
  }

  /** A ticket has room for 255 octets, so long names are hashed. */
  private static String mark(String name) {
    return name.length() <= 200 ? name : Fingerprints.sha256(name);
  }

  /**
   * The server name (SNI, lower case) the client sent in this handshake, known once its ClientHello
   * is in; also right where a session was resumed. Empty for engines of others.
   */
  public static Optional<String> serverName(SSLEngine engine) {
    var matchers = engine.getSSLParameters().getSNIMatchers();
    if (matchers != null) {
      for (SNIMatcher matcher : matchers) {
        if (matcher instanceof ServerNameRecorder recorder) {
          return Optional.ofNullable(recorder.name());
        }
      }
    }
    return Optional.empty();
  }

  /** Whether two spellings name the same host as far as certificates go (case, IDN, brackets). */
  public static boolean sameHost(String one, String other) {
    return canonical(one).equals(canonical(other));
  }

  private static String canonical(String host) {
    return SubjectName.parse(host, 253)
        .map(SubjectName::text)
        .orElseGet(() -> host.toLowerCase(Locale.ROOT));
  }

  public LeafMint mint() {
    return mint;
  }
}
