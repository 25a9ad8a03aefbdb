package dev.weir.tls;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.tls.LeafRefusedException.Reason;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Mints one certificate per host name and keeps the most recently used.
 *
 * <p>All leaves share one P-256 key made at start and kept in memory only: a key per leaf would
 * double the cost and protect nothing, since whoever reads one reads all. Names are minted once
 * under concurrency (the cache computes under its bin's lock), bounded in rate, number and length.
 * The bytes follow what OpenSSL's strict mode, Java and Node ask for: subject alternative name
 * always (critical when the subject is empty), the authority key identifier copied from the CA
 * rather than computed anew, and a life below 199 days that never outlasts the CA's.
 */
public final class LeafMint {
  /** Upper bound of a common name (RFC 5280 A.1, ub-common-name). */
  private static final int MAX_COMMON_NAME_CHARS = 64;

  private final CertificateAuthority ca;
  private final TlsCaSettings settings;
  private final InstantSource clock;
  private final MintBudget budget;
  private final Cache<String, Leaf> leaves;
  private final SecureRandom random = new SecureRandom();
  private final LongAdder minted = new LongAdder();
  private final LongAdder refused = new LongAdder();

  private final PrivateKey caKey;
  private final KeyPair key;
  private final SubjectPublicKeyInfo publicKey;
  private final SubjectKeyIdentifier subjectKeyId;
  private final AuthorityKeyIdentifier authorityKeyId;
  private final X500Name issuer;
  private final String signatureAlgorithm;

  public LeafMint(CertificateAuthority ca, TlsCaSettings settings, InstantSource clock) {
    this(ca, settings, clock, System::nanoTime);
  }

  LeafMint(
      CertificateAuthority ca, TlsCaSettings settings, InstantSource clock, LongSupplier nanoTime) {
    this.ca = ca;
    this.settings = settings;
    this.clock = clock;
    this.budget = new MintBudget(settings.mintsPerSecond(), settings.mintBurst(), nanoTime);
    this.leaves = Caffeine.newBuilder().maximumSize(settings.leafCacheEntries()).build();
    this.signatureAlgorithm = SignatureAlgorithms.of(ca.certificate().getPublicKey());
    try {
      Optional<NativeCurves> curves = NativeCurves.of(settings);
      this.caKey = curves.map(found -> found.adopt(ca.key())).orElse(ca.key());
      this.key = curves.isPresent() ? curves.get().newKeyPair() : CaMaker.newKeyPair();
      this.publicKey = SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded());
      JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
      this.subjectKeyId = extensions.createSubjectKeyIdentifier(key.getPublic());
      JcaX509CertificateHolder holder = new JcaX509CertificateHolder(ca.certificate());
      // The subject's own bytes: a name that is parsed and written again may differ in its
      // encoding.
      this.issuer = holder.getSubject();
      SubjectKeyIdentifier own = SubjectKeyIdentifier.fromExtensions(holder.getExtensions());
      this.authorityKeyId =
          new AuthorityKeyIdentifier(
              own != null
                  ? own.getKeyIdentifier()
                  : extensions
                      .createSubjectKeyIdentifier(ca.certificate().getPublicKey())
                      .getKeyIdentifier());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a leaf key could not be made with this JDK", e);
    }
  }

  /** How many leaves were made. */
  public long minted() {
    return minted.sum();
  }

  /** How many were refused: names that are none, or too many at once. */
  public long refused() {
    return refused.sum();
  }

  /** How many are kept, by estimate. */
  public long cached() {
    leaves.cleanUp();
    return leaves.estimatedSize();
  }

  /** The leaf for a host name or address, minted if none is at hand or it is due. */
  Leaf leaf(String host) {
    SubjectName name =
        SubjectName.parse(host, settings.maxNameBytes())
            .orElseThrow(
                () ->
                    refusal(
                        Reason.NOT_A_NAME,
                        "\"" + TlsText.printable(host) + "\" is not a host name or address"));
    Instant now = clock.instant();
    Leaf leaf = leaves.get(name.text(), absent -> mint(name, now));
    return isDue(leaf, now) ? renewed(name, now) : leaf;
  }

  private Leaf renewed(SubjectName name, Instant now) {
    return leaves
        .asMap()
        .compute(
            name.text(), (text, kept) -> kept == null || isDue(kept, now) ? mint(name, now) : kept);
  }

  private static boolean isDue(Leaf leaf, Instant now) {
    return !now.isBefore(leaf.renewAt());
  }

  private Leaf mint(SubjectName name, Instant now) {
    Instant caEnd = ca.certificate().getNotAfter().toInstant();
    if (now.isAfter(caEnd)) {
      throw refusal(Reason.CA_EXPIRED, "the CA of this proxy expired at " + caEnd);
    }
    if (!budget.take()) {
      throw refusal(Reason.TOO_MANY, "too many new host names at once; try again in a second");
    }
    Instant end = now.plus(Duration.ofDays(settings.leafValidityDays()));
    Instant renewAt = end.minus(Duration.ofDays(settings.leafRenewDays()));
    if (end.isAfter(caEnd)) {
      end = caEnd;
      renewAt = renewAt.isBefore(caEnd) ? renewAt : caEnd;
    }
    List<X509Certificate> chain = new ArrayList<>();
    chain.add(sign(name, start(now), end));
    chain.addAll(ca.intermediates());
    minted.increment();
    return new Leaf(name.text(), List.copyOf(chain), key.getPrivate(), renewAt);
  }

  private Instant start(Instant now) {
    Instant start = now.minus(Duration.ofDays(settings.leafBackdateDays()));
    Instant caStart = ca.certificate().getNotBefore().toInstant();
    return start.isBefore(caStart) ? caStart : start;
  }

  private X509Certificate sign(SubjectName name, Instant from, Instant to) {
    boolean fits = name.text().length() <= MAX_COMMON_NAME_CHARS;
    X500NameBuilder subject = new X500NameBuilder(BCStyle.INSTANCE);
    if (fits) {
      subject.addRDN(BCStyle.CN, name.text());
    }
    X509v3CertificateBuilder builder =
        new X509v3CertificateBuilder(
            issuer,
            CaMaker.newSerial(random),
            Date.from(from),
            Date.from(to),
            subject.build(),
            publicKey);
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
          .addExtension(
              Extension.subjectAlternativeName, !fits, new GeneralNames(name.alternativeName()))
          .addExtension(Extension.authorityKeyIdentifier, false, authorityKeyId)
          .addExtension(Extension.subjectKeyIdentifier, false, subjectKeyId);
      ContentSigner signer = new JcaContentSignerBuilder(signatureAlgorithm).build(caKey);
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("a leaf could not be signed", e);
    }
  }

  private LeafRefusedException refusal(Reason reason, String sentence) {
    refused.increment();
    return new LeafRefusedException(reason, sentence);
  }
}
