package dev.weir.tls;

import java.security.cert.X509Certificate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Reads a CA from PEM and checks that leaves signed by it will be accepted. */
final class CaParser {
  /** Bit of KeyUsage that allows signing certificates (RFC 5280 4.2.1.3). */
  private static final int KEY_CERT_SIGN = 5;

  private final String source;
  private final IdentityParser identities;

  /** {@code source} names where the PEM came from in errors, such as {@code --ca}. */
  CaParser(String source, Instant now) {
    this.source = source;
    this.identities = new IdentityParser(source, "give its certificate with --ca-cert", now);
  }

  CaMaterial parse(String keyPem, @Nullable String certificatePem) {
    Identity ca = identities.parse(keyPem, certificatePem);
    checkIssuer(ca.certificate());
    ca.chain().forEach(identities::checkValidity);
    return new CaMaterial(ca.key(), ca.chain());
  }

  private void checkIssuer(X509Certificate certificate) {
    if (certificate.getBasicConstraints() < 0) {
      throw new TlsConfigException(
          "the certificate "
              + IdentityParser.name(certificate)
              + " in "
              + source
              + " is not a CA (basicConstraints lacks CA:TRUE); bring a CA certificate");
    }
    boolean[] usage = certificate.getKeyUsage();
    if (usage != null && !usage[KEY_CERT_SIGN]) {
      throw new TlsConfigException(
          "the certificate "
              + IdentityParser.name(certificate)
              + " in "
              + source
              + " may not sign certificates (keyUsage lacks keyCertSign); bring one that may");
    }
  }
}
