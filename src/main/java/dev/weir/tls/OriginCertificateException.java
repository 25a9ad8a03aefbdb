package dev.weir.tls;

import java.security.cert.CertificateException;

/** An origin's certificate was refused; the message is the sentence for the client. */
final class OriginCertificateException extends CertificateException {
  private static final long serialVersionUID = 1L;

  OriginCertificateException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
