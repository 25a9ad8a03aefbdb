package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
  private static final InstantSource CLOCK = InstantSource.system();
  @TempDir Path folder;

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void itIsMadeOnFirstStartWithItsKeyForTheOwnerOnly() throws Exception {
    // When
    CertificateAuthority ca = CertificateAuthority.openOrCreate(folder.resolve("data"), CLOCK);

    // Then
    assertThat(mode(folder.resolve("data/ca"))).isEqualTo("rwx------");
    assertThat(mode(folder.resolve("data/ca/ca.key"))).isEqualTo("rw-------");
    assertThat(Files.readString(folder.resolve("data/ca/ca.pem"))).isEqualTo(ca.pem());
    try (Stream<Path> files = Files.list(folder.resolve("data"))) {
      assertThat(files).hasSize(1);
    }
    assertThat(ca.certificate().getBasicConstraints()).isZero();
    assertThat(((ECPublicKey) ca.certificate().getPublicKey()).getParams().getOrder().bitLength())
        .isEqualTo(256);
    assertThat(ca.certificate().getSubjectX500Principal().getName())
        .matches("CN=Weir CA [0-9a-f]{8}");
    assertThat(ca.certificate().getNotAfter().toInstant())
        .isAfter(Instant.now().plus(Duration.ofDays(3640)));
  }

  @Test
  void itIsKeptAcrossRestarts() {
    // Given
    CertificateAuthority made = CertificateAuthority.openOrCreate(folder, CLOCK);

    // When
    CertificateAuthority opened = CertificateAuthority.openOrCreate(folder, CLOCK);

    // Then
    assertThat(opened.certificate()).isEqualTo(made.certificate());
    assertThat(opened.key()).isEqualTo(made.key());
    assertThat(CertificateAuthority.openExisting(folder, CLOCK).pem()).isEqualTo(made.pem());
  }

  @Test
  void manyThatStartAtOnceMakeOne() throws Exception {
    // Given
    Callable<String> open = () -> CertificateAuthority.openOrCreate(folder, CLOCK).fingerprint();
    Set<String> seen = ConcurrentHashMap.newKeySet();

    // When
    try (var executor = Executors.newFixedThreadPool(8)) {
      List<Future<String>> all =
          executor.invokeAll(IntStream.range(0, 16).mapToObj(i -> open).toList());
      for (Future<String> one : all) {
        seen.add(one.get());
      }
    }

    // Then
    assertThat(seen).hasSize(1);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).extracting(Path::getFileName).containsExactly(Path.of("ca"));
    }
  }

  @Test
  void anEmptyFolderThatAnOperatorMadeIsFilled() throws Exception {
    // Given
    Files.createDirectory(folder.resolve("ca"));

    // When
    CertificateAuthority.openOrCreate(folder, CLOCK);

    // Then
    assertThat(mode(folder.resolve("ca"))).isEqualTo("rwx------");
  }

  @Test
  void aKeyThatOthersCouldReadIsClosedAgain() throws Exception {
    // Given
    CertificateAuthority.openOrCreate(folder, CLOCK);
    Path key = folder.resolve("ca/ca.key");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

    // When
    CertificateAuthority.openOrCreate(folder, CLOCK);

    // Then
    assertThat(mode(key)).isEqualTo("rw-------");
  }

  @Test
  void halfOfItIsNotReplacedSilently() throws Exception {
    // Given
    CertificateAuthority.openOrCreate(folder, CLOCK);
    Files.delete(folder.resolve("ca/ca.pem"));

    // When / Then
    assertThatThrownBy(() -> CertificateAuthority.openOrCreate(folder, CLOCK))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("only one of ca.key and ca.pem");
  }

  @Test
  void exportingNeverMakesOne() {
    assertThatThrownBy(() -> CertificateAuthority.openExisting(folder, CLOCK))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("there is no CA in");
    assertThat(folder.resolve("ca")).doesNotExist();
  }

  @Test
  void anExpiredOneSaysSo() {
    // Given
    CertificateAuthority.openOrCreate(folder, CLOCK);
    InstantSource later = InstantSource.offset(CLOCK, Duration.ofDays(3700));

    // When / Then
    assertThatThrownBy(() -> CertificateAuthority.openOrCreate(folder, later))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("expired at");
  }

  @Test
  void opensslReadsTheExportsAndAgreesOnTheFingerprint() throws Exception {
    // Given
    CertificateAuthority ca = CertificateAuthority.openOrCreate(folder, CLOCK);
    Files.write(folder.resolve("ca.der"), ca.der());
    byte[] trustStore = ca.pkcs12().toCompletableFuture().join();
    Files.write(folder.resolve("ca.p12"), trustStore);

    // When
    var print =
        TlsFixtures.openssl(folder, "x509 -inform DER -in ca.der -noout -fingerprint -sha256");
    var strict = TlsFixtures.openssl(folder, "verify -x509_strict -CAfile ca/ca.pem ca/ca.pem");
    var p12 = TlsFixtures.openssl(folder, "pkcs12 -in ca.p12 -passin pass:changeit -nokeys");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(trustStore), "changeit".toCharArray());

    // Then
    assertThat(print.output()).contains(ca.fingerprint());
    assertThat(strict.output()).contains("OK");
    assertThat(p12.output()).contains("BEGIN CERTIFICATE");
    assertThat(store.isCertificateEntry("weir-ca")).isTrue();
  }

  @Test
  void nobodyWhoAsksForTheTrustStoreMakesItAndItIsMadeOnce() {
    // Given
    CertificateAuthority ca = CertificateAuthority.openOrCreate(folder, CLOCK);
    List<Runnable> tasks = new ArrayList<>();

    // When
    var first = ca.pkcs12(tasks::add).toCompletableFuture();
    var second = ca.pkcs12(tasks::add).toCompletableFuture();

    // Then
    assertThat(tasks).hasSize(1);
    assertThat(first).isNotDone();
    tasks.getFirst().run();
    assertThat(second.join()).isEqualTo(first.join()).isNotSameAs(first.join());
  }
}
