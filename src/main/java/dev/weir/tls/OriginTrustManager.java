package dev.weir.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Verifies origins with the JDK's PKIX (chain) and its HTTPS rules (name), and says in one sentence
 * why one is refused while the certificate is still at hand.
 */
final class OriginTrustManager extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager pkix;
  private final InstantSource clock;

  OriginTrustManager(X509ExtendedTrustManager pkix, InstantSource clock) {
    this.pkix = pkix;
    this.clock = clock;
  }

  @Override
  public void checkServerTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    if (engine == null || engine.getPeerHost() == null) {
      throw new CertificateException("an origin can only be verified by its host name");
    }
    String host = engine.getPeerHost();
    boolean byName = "HTTPS".equals(engine.getSSLParameters().getEndpointIdentificationAlgorithm());
    try {
      pkix.checkServerTrusted(chain, authType, engine);
      if (!byName && !OriginNames.covers(chain[0], host)) {
        throw new CertificateException("No name matching " + host + " found");
      }
    } catch (CertificateException e) {
      throw new OriginCertificateException(
          OriginVerdicts.sentence(host, chain, e, clock.instant()), e);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    throw new CertificateException("origins are verified on engines, which carry the host name");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("origins are verified on engines, which carry the host name");
  }

  @Override
  public void checkClientTrusted(
      X509Certificate[] chain, String authType, @Nullable SSLEngine engine)
      throws CertificateException {
    throw new CertificateException("clients are not verified here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, @Nullable Socket socket)
      throws CertificateException {
    throw new CertificateException("clients are not verified here");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("clients are not verified here");
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return pkix.getAcceptedIssuers();
  }
}
