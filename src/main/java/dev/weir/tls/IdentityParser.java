package dev.weir.tls;

import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.jspecify.annotations.Nullable;

/**
 * Reads from PEM who a server or an authority is: one private key (PKCS#1, SEC 1 or PKCS#8, RSA or
 * EC), the certificate that belongs to it, and the chain above. What cannot be used is refused with
 * one sentence.
 */
final class IdentityParser {
  /** OpenSSL's default security level refuses smaller keys anywhere in a chain. */
  private static final int MIN_RSA_BITS = 2048;

  /** Deeper chains are a mistake, and OpenSSL's own default depth is not far above. */
  private static final int MAX_CHAIN = 10;

  private final String source;
  private final String certificateHint;
  private final Instant now;

  /**
   * @param source where the PEM came from, for errors, such as {@code --ca}
   * @param certificateHint what to do where there is no certificate, the end of a sentence
   */
  IdentityParser(String source, String certificateHint, Instant now) {
    this.source = source;
    this.certificateHint = certificateHint;
    this.now = now;
  }

  /** The key with its certificate and the issuers as far as they were given. */
  Identity parse(String keyPem, @Nullable String certificatePem) {
    PrivateKey key = onlyKey(keyPem);
    String all = certificatePem == null ? keyPem : keyPem + "\n" + certificatePem;
    Pem.Certificates found = Pem.certificates(all);
    if (found.unreadable() > 0) {
      throw new TlsConfigException(
          source + " holds a certificate that cannot be read; check that its PEM is complete");
    }
    if (found.certificates().isEmpty()) {
      throw new TlsConfigException(
          source + " holds a private key but no certificate; " + certificateHint);
    }
    X509Certificate own = certificateOf(key, found.certificates());
    return new Identity(key, chainAbove(own, found.certificates()));
  }

  private PrivateKey onlyKey(String pem) {
    PrivateKeyInfo found = null;
    try (PEMParser parser = new PEMParser(new StringReader(pem))) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        PrivateKeyInfo key = keyIn(block);
        if (key != null && found != null) {
          throw new TlsConfigException(source + " holds more than one private key; leave only one");
        }
        found = key == null ? found : key;
      }
    } catch (IOException e) {
      throw new TlsConfigException(
          source + " is not PEM that can be read; check that no line of it is missing", e);
    }
    if (found == null) {
      throw new TlsConfigException(
          source
              + " holds no private key; give the PEM that begins with -----BEGIN PRIVATE KEY-----"
              + " (or RSA, or EC PRIVATE KEY)");
    }
    return toKey(found);
  }

  private @Nullable PrivateKeyInfo keyIn(Object block) {
    return switch (block) {
      case PrivateKeyInfo key -> key;
      case PEMKeyPair pair -> pair.getPrivateKeyInfo();
      case PKCS8EncryptedPrivateKeyInfo _, PEMEncryptedKeyPair _ ->
          throw new TlsConfigException(
              source
                  + " holds an encrypted private key, which cannot be opened unattended; decrypt it"
                  + " first with: openssl pkey -in KEY -out DECRYPTED");
      default -> null;
    };
  }

  private PrivateKey toKey(PrivateKeyInfo info) {
    PrivateKey key;
    try {
      key = new JcaPEMKeyConverter().getPrivateKey(info);
    } catch (PEMException | RuntimeException e) {
      throw new TlsConfigException(
          source + " holds a private key of a kind that is not supported; use RSA or EC P-256", e);
    }
    if (key instanceof RSAKey rsa && rsa.getModulus().bitLength() < MIN_RSA_BITS) {
      throw new TlsConfigException(
          "the RSA key in "
              + source
              + " has only "
              + rsa.getModulus().bitLength()
              + " bits, which clients refuse; use at least "
              + MIN_RSA_BITS);
    }
    if (!(key instanceof RSAKey) && !(key instanceof ECKey)) {
      throw new TlsConfigException(
          source + " holds a private key of type " + key.getAlgorithm() + "; use RSA or EC P-256");
    }
    return key;
  }

  /**
   * A renewed authority has several certificates for one key: the one that lives longest is taken.
   */
  private X509Certificate certificateOf(PrivateKey key, List<X509Certificate> certificates) {
    return certificates.stream()
        .filter(certificate -> belong(key, certificate.getPublicKey()))
        .max(Comparator.comparing(X509Certificate::getNotAfter))
        .orElseThrow(
            () ->
                new TlsConfigException(
                    "the private key in "
                        + source
                        + " does not belong to its certificate; give the"
                        + " key and the certificate of one pair"));
  }

  /** By a trial signature: it needs no knowledge of how either key is written. */
  private static boolean belong(PrivateKey key, PublicKey publicKey) {
    if (!key.getAlgorithm().equals(publicKey.getAlgorithm())) {
      return false;
    }
    try {
      Signature signature = Signature.getInstance(SignatureAlgorithms.of(publicKey));
      byte[] probe = {1, 2, 3, 4};
      signature.initSign(key);
      signature.update(probe);
      byte[] signed = signature.sign();
      signature.initVerify(publicKey);
      signature.update(probe);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Refuses a certificate that is not valid now. */
  void checkValidity(X509Certificate certificate) {
    if (now.isAfter(certificate.getNotAfter().toInstant())) {
      throw new TlsConfigException(
          "the certificate "
              + name(certificate)
              + " in "
              + source
              + " expired at "
              + certificate.getNotAfter().toInstant()
              + "; bring one that is valid");
    }
    if (now.isBefore(certificate.getNotBefore().toInstant())) {
      throw new TlsConfigException(
          "the certificate "
              + name(certificate)
              + " in "
              + source
              + " is valid only from "
              + certificate.getNotBefore().toInstant()
              + " on; check this machine's clock");
    }
  }

  private static List<X509Certificate> chainAbove(
      X509Certificate own, List<X509Certificate> certificates) {
    List<X509Certificate> chain = new ArrayList<>();
    X509Certificate last = own;
    chain.add(own);
    while (!isSelfSigned(last) && chain.size() < MAX_CHAIN) {
      X509Certificate child = last;
      X509Certificate issuer =
          certificates.stream()
              .filter(candidate -> !chain.contains(candidate) && issued(candidate, child))
              .max(Comparator.comparing(X509Certificate::getNotAfter))
              .orElse(null);
      if (issuer == null) {
        break;
      }
      chain.add(issuer);
      last = issuer;
    }
    return List.copyOf(chain);
  }

  static boolean isSelfSigned(X509Certificate certificate) {
    return issued(certificate, certificate);
  }

  private static boolean issued(X509Certificate issuer, X509Certificate child) {
    if (!issuer.getSubjectX500Principal().equals(child.getIssuerX500Principal())) {
      return false;
    }
    try {
      child.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  static String name(X509Certificate certificate) {
    return "\"" + TlsText.printable(certificate.getSubjectX500Principal().getName()) + "\"";
  }
}
