package dev.weir.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * Who this node is to the others of its fleet: a certificate of the fleet's own peer CA, which is
 * also all it trusts. Both sides of a connection show one. Names in certificates are for people: to
 * be signed by this CA is to belong to the fleet.
 */
public final class PeerIdentity {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final SSLContext context;
  private final String caFingerprint;

  private PeerIdentity(SSLContext context, String caFingerprint) {
    this.context = context;
    this.caFingerprint = caFingerprint;
  }

  /** Reads a node's folder as {@link FleetFolder} makes it. */
  public static PeerIdentity load(Path folder) {
    try {
      List<X509Certificate> own = certificates(folder.resolve(FleetFolder.NODE_CERTIFICATE));
      List<X509Certificate> authorities = certificates(folder.resolve(FleetFolder.PEER_CA));
      PrivateKey key = key(folder.resolve(FleetFolder.NODE_KEY));
      return new PeerIdentity(
          context(key, own, authorities), Fingerprints.sha256(authorities.getFirst().getEncoded()));
    } catch (IOException e) {
      throw new TlsConfigException(
          "the node's folder "
              + folder
              + " cannot be read ("
              + e
              + "); make it with: weir cluster init",
          e);
    } catch (GeneralSecurityException e) {
      throw new TlsConfigException(
          "key and certificates in " + folder + " do not make an identity: " + e.getMessage(), e);
    }
  }

  private static SSLContext context(
      PrivateKey key, List<X509Certificate> own, List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    char[] none = new char[0];
    KeyStore identity = KeyStore.getInstance("PKCS12");
    identity.load((InputStream) null, none);
    identity.setKeyEntry("node", key, none, own.toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(identity, none);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load((InputStream) null, none);
    for (int i = 0; i < authorities.size(); i++) {
      trusted.setCertificateEntry("peer-ca-" + i, authorities.get(i));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> found = Pem.certificates(Pem.read(file)).certificates();
    if (found.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return found;
  }

  private static PrivateKey key(Path file) throws IOException, GeneralSecurityException {
    String pem = Pem.read(file);
    String begin = "-----BEGIN PRIVATE KEY-----";
    int from = pem.indexOf(begin);
    int to = pem.indexOf("-----END PRIVATE KEY-----");
    if (from < 0 || to < from) {
      throw new IOException(file + " holds no PKCS#8 private key");
    }
    byte[] der = Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to).strip());
    try (InputStream whole = new ByteArrayInputStream(der)) {
      byte[] encoded = whole.readAllBytes();
      try {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (GeneralSecurityException notElliptic) {
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(encoded));
      }
    }
  }

  /** SHA-256 of the peer CA, as people compare it. */
  public String caFingerprint() {
    return caFingerprint;
  }

  /** A fresh engine for a connection that this node opened. */
  public SSLEngine clientEngine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(true);
    engine.setEnabledProtocols(PROTOCOLS);
    return engine;
  }

  /** A fresh engine for a connection that another node opened; it must show a certificate. */
  public SSLEngine serverEngine() {
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    SSLParameters parameters = engine.getSSLParameters();
    parameters.setProtocols(PROTOCOLS);
    parameters.setNeedClientAuth(true);
    engine.setSSLParameters(parameters);
    return engine;
  }
}
