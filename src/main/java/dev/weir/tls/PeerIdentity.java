package dev.weir.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Who this node is to the others of its fleet: a certificate of the fleet's own peer CA, which is
 * also all it trusts. Both sides of a connection show one. Names in certificates are for people: to
 * be signed by this CA is to belong to the fleet.
 */
public final class PeerIdentity {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final SSLContext context;

  private PeerIdentity(SSLContext context) {
    this.context = context;
  }

  /** Reads a node's folder as {@link FleetFolder} makes it. */
  public static PeerIdentity load(Path folder) {
    try {
      List<X509Certificate> authorities = certificates(folder.resolve(FleetFolder.PEER_CA));
      IdentityParser parser =
          new IdentityParser(
              folder.toString(), "make the folder with: weir cluster init", Instant.now());
      // With its authority, so that a node of another fleet can be told whose this one is.
      Identity own =
          parser.parse(
              Pem.read(folder.resolve(FleetFolder.NODE_KEY)),
              Pem.read(folder.resolve(FleetFolder.NODE_CERTIFICATE))
                  + "\n"
                  + Pem.read(folder.resolve(FleetFolder.PEER_CA)));
      own.chain().forEach(parser::checkValidity);
      if (!authorities.contains(own.chain().getLast())) {
        throw new TlsConfigException(
            folder.resolve(FleetFolder.NODE_CERTIFICATE)
                + " is not signed by the CA in "
                + folder.resolve(FleetFolder.PEER_CA)
                + "; take the whole folder that `weir cluster init` made for this node");
      }
      return new PeerIdentity(context(own, authorities));
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

  private static SSLContext context(Identity own, List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    char[] none = new char[0];
    KeyStore identity = KeyStore.getInstance("PKCS12");
    identity.load((InputStream) null, none);
    identity.setKeyEntry("node", own.key(), none, own.chain().toArray(X509Certificate[]::new));
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
    context.init(keys.getKeyManagers(), judges(trust, authorities), null);
    return context;
  }

  private static TrustManager[] judges(
      TrustManagerFactory trust, List<X509Certificate> authorities) {
    return Arrays.stream(trust.getTrustManagers())
        .map(
            manager ->
                manager instanceof X509ExtendedTrustManager judge
                    ? new PeerTrust(judge, authorities)
                    : manager)
        .toArray(TrustManager[]::new);
  }

  private static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> found = Pem.certificates(Pem.read(file)).certificates();
    if (found.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return found;
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
