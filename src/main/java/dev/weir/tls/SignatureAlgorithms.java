package dev.weir.tls;

import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;

/** Which signature a CA's key makes: the hash as strong as the key (RFC 5480 4, SP 800-57). */
final class SignatureAlgorithms {
  private SignatureAlgorithms() {}

  static String of(PublicKey key) {
    if (!(key instanceof ECPublicKey ec)) {
      return "SHA256withRSA";
    }
    int bits = ec.getParams().getOrder().bitLength();
    if (bits <= 256) {
      return "SHA256withECDSA";
    }
    return bits <= 384 ? "SHA384withECDSA" : "SHA512withECDSA";
  }
}
