package dev.weir.tls;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The authority that signs the leaves clients see: made on first start in the data folder, or
 * brought. Thread-safe. Errors are {@link TlsConfigException}s.
 */
public final class CertificateAuthority {
  /** The password of {@link #pkcs12()}, Java's customary one: the store holds no secret. */
  public static final String TRUST_STORE_PASSWORD = "changeit";

  private final CaMaterial material;
  private @Nullable CompletableFuture<byte[]> trustStore;

  private CertificateAuthority(CaMaterial material) {
    this.material = material;
  }

  /** The brought CA if the settings name one, else that of the data folder, made if missing. */
  public static CertificateAuthority open(
      TlsCaSettings settings, Path dataDir, InstantSource clock) {
    return settings.ca().isBlank() && settings.caCert().isBlank()
        ? openOrCreate(dataDir, clock)
        : brought(settings.ca(), settings.caCert(), clock);
  }

  /** The CA in {@code dataDir/ca}; made there if there is none, by one process only. */
  public static CertificateAuthority openOrCreate(Path dataDir, InstantSource clock) {
    return new CertificateAuthority(new CaFiles(dataDir, clock.instant()).openOrCreate());
  }

  /** The CA in {@code dataDir/ca}, never making one. */
  public static CertificateAuthority openExisting(Path dataDir, InstantSource clock) {
    return new CertificateAuthority(new CaFiles(dataDir, clock.instant()).open());
  }

  /**
   * A CA of the operator's own.
   *
   * @param ca path or PEM with the private key, perhaps with certificates
   * @param caCert path or PEM with the certificate and chain, or empty if {@code ca} has them
   */
  public static CertificateAuthority brought(String ca, String caCert, InstantSource clock) {
    if (ca.isBlank()) {
      throw new TlsConfigException(
          "--ca-cert is given without --ca; give the CA's private key with --ca");
    }
    String key = Pem.read("--ca", ca);
    String certificates = caCert.isBlank() ? null : Pem.read("--ca-cert", caCert);
    String source = certificates == null ? "--ca" : "--ca and --ca-cert";
    return new CertificateAuthority(new CaParser(source, clock.instant()).parse(key, certificates));
  }

  /** The certificate whose key signs leaves. */
  public X509Certificate certificate() {
    return material.certificate();
  }

  /** What clients must trust: the top of the chain, for a CA made here the certificate itself. */
  public X509Certificate anchor() {
    return material.chain().getLast();
  }

  /** What a server sends after a leaf: the chain less a self-signed top. */
  List<X509Certificate> intermediates() {
    List<X509Certificate> chain = material.chain();
    return IdentityParser.isSelfSigned(anchor()) ? chain.subList(0, chain.size() - 1) : chain;
  }

  PrivateKey key() {
    return material.key();
  }

  /** {@link #anchor()} in PEM. */
  public String pem() {
    return Pem.write(anchor());
  }

  /** {@link #anchor()} in DER. */
  public byte[] der() {
    return encoded(anchor());
  }

  /**
   * A PKCS #12 trust store that holds {@link #anchor()}, as Java and Windows import it. Made when
   * first asked for, on a thread of its own: its password costs twenty thousand digests, for which
   * neither the start should wait nor whatever else the asker's thread serves.
   */
  public CompletionStage<byte[]> pkcs12() {
    return pkcs12(task -> Thread.ofVirtual().name("weir-trust-store").start(task));
  }

  /** The same, made by that. */
  synchronized CompletionStage<byte[]> pkcs12(Executor maker) {
    CompletableFuture<byte[]> store = trustStore;
    if (store == null) {
      store = CompletableFuture.supplyAsync(() -> trustStoreOf(anchor()), maker);
      trustStore = store;
    }
    return store.thenApply(byte[]::clone);
  }

  /** The SHA-256 of {@link #anchor()}: upper-case hex with colons, as OpenSSL prints it. */
  public String fingerprint() {
    return Fingerprints.sha256(der());
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has its encoding", e);
    }
  }

  private static byte[] trustStoreOf(X509Certificate anchor) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setCertificateEntry("weir-ca", anchor);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      store.store(bytes, TRUST_STORE_PASSWORD.toCharArray());
      return bytes.toByteArray();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("every JDK writes PKCS #12", e);
    }
  }
}
