package dev.weir.tls;

import java.net.Socket;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts what the fleet's peer CA has signed, and says of anything else whose it is. */
final class PeerTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager judge;
  private final List<X509Certificate> authorities;

  PeerTrust(X509ExtendedTrustManager judge, List<X509Certificate> authorities) {
    this.judge = judge;
    this.authorities = List.copyOf(authorities);
  }

  private interface Check {
    void run() throws CertificateException;
  }

  private void checked(X509Certificate[] chain, Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateException refused) {
      X509Certificate last = chain[chain.length - 1];
      boolean ours =
          authorities.stream()
              .anyMatch(own -> own.getSubjectX500Principal().equals(last.getIssuerX500Principal()));
      throw ours
          ? refused
          : new ForeignPeerException(
              "its peer CA is "
                  + authority(last)
                  + ", this node's is "
                  + authorities.stream().map(PeerTrust::named).collect(Collectors.joining(" or ")));
    }
  }

  /** Nodes show their authority after their own certificate; earlier versions showed that alone. */
  private static String authority(X509Certificate last) throws CertificateEncodingException {
    return IdentityParser.isSelfSigned(last)
        ? named(last)
        : TlsText.printable(last.getIssuerX500Principal().getName());
  }

  private static String named(X509Certificate authority) {
    try {
      return TlsText.printable(authority.getSubjectX500Principal().getName())
          + " ("
          + Fingerprints.sha256(authority.getEncoded())
          + ")";
    } catch (CertificateEncodingException neverOfOneThatWasRead) {
      throw new IllegalStateException(neverOfOneThatWasRead);
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checked(chain, () -> judge.checkClientTrusted(chain, type, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    checked(chain, () -> judge.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checked(chain, () -> judge.checkClientTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    checked(chain, () -> judge.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    checked(chain, () -> judge.checkClientTrusted(chain, type));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    checked(chain, () -> judge.checkServerTrusted(chain, type));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return judge.getAcceptedIssuers();
  }
}
