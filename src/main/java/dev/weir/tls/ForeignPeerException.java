package dev.weir.tls;

import java.security.cert.CertificateException;

/** A peer's certificate is signed by another authority than this fleet's. */
public final class ForeignPeerException extends CertificateException {
  private static final long serialVersionUID = 1;

  ForeignPeerException(String message) {
    super(message);
  }
}
