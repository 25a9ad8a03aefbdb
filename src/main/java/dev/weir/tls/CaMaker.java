package dev.weir.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes a new CA: ECDSA P-256, ten years, may sign leaves only (path length 0). */
final class CaMaker {
  private static final int YEARS = 10;

  /** As much as leaves are backdated by default, for clients whose clocks are behind. */
  private static final Duration BACKDATE = Duration.ofDays(2);

  private CaMaker() {}

  static CaMaterial make(Instant now) {
    return make(now, "Weir CA");
  }

  /** {@code called}: the first words of its name. */
  static CaMaterial make(Instant now, String called) {
    SecureRandom random = new SecureRandom();
    byte[] mark = new byte[4];
    random.nextBytes(mark);
    // A name of its own: stores look authorities up by name, and an old one may still be installed.
    X500Name name = new X500Name("CN=" + called + " " + HexFormat.of().formatHex(mark));
    Date from = Date.from(now.minus(BACKDATE));
    Date to = Date.from(now.atZone(ZoneOffset.UTC).plusYears(YEARS).toInstant());
    try {
      KeyPair pair = newKeyPair();
      X509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              name, newSerial(random), from, to, name, pair.getPublic());
      addExtensions(builder, pair);
      JcaContentSignerBuilder signer =
          new JcaContentSignerBuilder(SignatureAlgorithms.of(pair.getPublic()));
      return new CaMaterial(
          pair.getPrivate(),
          List.of(
              new JcaX509CertificateConverter()
                  .getCertificate(builder.build(signer.build(pair.getPrivate())))));
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("a CA could not be made with this JDK", e);
    }
  }

  private static void addExtensions(X509v3CertificateBuilder builder, KeyPair pair)
      throws GeneralSecurityException, CertIOException {
    JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
    builder
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
        .addExtension(
            Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
        .addExtension(
            Extension.subjectKeyIdentifier,
            false,
            extensions.createSubjectKeyIdentifier(pair.getPublic()));
  }

  static KeyPair newKeyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  /** 127 random bits below a set one: positive, at most 16 octets, never the same twice. */
  static BigInteger newSerial(SecureRandom random) {
    return new BigInteger(126, random).setBit(126);
  }
}
