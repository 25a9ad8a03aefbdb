package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LeafMintTest {
  private static final String LONG_NAME =
      "a-name-that-is-much-longer.than-the-common-name-field.of-a-certificate.may-ever-be.example";

  @TempDir static Path folder;
  static CertificateAuthority ca;

  private Instant now = Instant.now();
  private final AtomicLong nanos = new AtomicLong();

  @BeforeAll
  static void makeCa() {
    ca = CertificateAuthority.openOrCreate(folder, InstantSource.system());
  }

  private LeafMint mint(String overrides) {
    return new LeafMint(ca, TlsFixtures.settings(overrides), () -> now, nanos::get);
  }

  @ParameterizedTest
  @CsvSource({
    "example.com, -verify_hostname example.com",
    "WWW.Example.COM., -verify_hostname www.example.com",
    "münchen.example, -verify_hostname xn--mnchen-3ya.example",
    "my_bucket.example.com, -verify_hostname my_bucket.example.com",
    "localhost, -verify_hostname localhost",
    LONG_NAME + ", -verify_hostname " + LONG_NAME,
    "192.0.2.7, -verify_ip 192.0.2.7",
    "2001:db8::7, -verify_ip 2001:db8::7",
    "[::1], -verify_ip ::1",
    "::ffff:192.0.2.7, -verify_ip ::ffff:192.0.2.7",
  })
  void opensslStrictAcceptsEveryKindOfHost(String host, String check) throws Exception {
    // Given
    Leaf leaf = mint("").leaf(host);
    Files.writeString(folder.resolve("leaf.pem"), Pem.write(leaf.certificate()));

    // When
    var strict =
        TlsFixtures.openssl(
            folder,
            "verify -x509_strict -purpose sslserver " + check + " -CAfile ca/ca.pem leaf.pem");

    // Then
    assertThat(strict.output()).contains("leaf.pem: OK");
  }

  @Test
  void theExtensionsAreThoseStrictClientsAskFor() throws Exception {
    // Given
    Files.writeString(
        folder.resolve("short.pem"), Pem.write(mint("").leaf("a.example").certificate()));
    Files.writeString(
        folder.resolve("long.pem"), Pem.write(mint("").leaf(LONG_NAME).certificate()));

    // When
    String shortText = TlsFixtures.openssl(folder, "x509 -noout -text -in short.pem").output();
    String longText = TlsFixtures.openssl(folder, "x509 -noout -text -in long.pem").output();
    String caText = TlsFixtures.openssl(folder, "x509 -noout -text -in ca/ca.pem").output();

    // Then
    assertThat(shortText)
        .contains("CN = a.example", "Digital Signature", "TLS Web Server Authentication")
        .containsPattern("Subject Alternative Name: \\n\\s+DNS:a.example");
    assertThat(longText)
        .containsPattern("Subject: \\n")
        .containsPattern("Subject Alternative Name: critical");
    String caKeyId = after(caText, "Subject Key Identifier:");
    assertThat(after(shortText, "Authority Key Identifier:").replace("keyid:", ""))
        .isEqualTo(caKeyId);
    assertThat(after(shortText, "Subject Key Identifier:")).isNotEqualTo(caKeyId);
  }

  private static String after(String text, String heading) {
    return text.substring(text.indexOf(heading) + heading.length())
        .strip()
        .lines()
        .findFirst()
        .orElseThrow()
        .strip();
  }

  @Test
  void lifeStaysBelow199DaysAndSerialsDiffer() {
    // Given
    LeafMint mint = mint("leaf-validity-days = 196");

    // When
    X509Certificate one = mint.leaf("one.example").certificate();
    X509Certificate two = mint.leaf("two.example").certificate();

    // Then
    assertThat(Duration.between(one.getNotBefore().toInstant(), one.getNotAfter().toInstant()))
        .isLessThanOrEqualTo(Duration.ofDays(198));
    assertThat(one.getSerialNumber()).isNotEqualTo(two.getSerialNumber()).isPositive();
    assertThat(one.getSerialNumber().bitLength()).isEqualTo(127);
    assertThatThrownBy(() -> TlsFixtures.settings("leaf-validity-days = 197"))
        .isInstanceOf(TlsConfigException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "a..b",
        "-a.example",
        "a b",
        "a\nb",
        "a/b",
        "*.example.com",
        "300.1.1.1",
        "1.2.3",
        "fe80::1%eth0",
        "[::1",
        "a.example:443",
        "ex\u0000ample"
      })
  void whatIsNoHostIsRefused(String host) {
    assertThatThrownBy(() -> mint("").leaf(host))
        .isInstanceOfSatisfying(
            LeafRefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(LeafRefusedException.Reason.NOT_A_NAME));
  }

  @Test
  void namesBeyondTheLimitAreRefused() {
    String name = String.join(".", java.util.Collections.nCopies(4, "x".repeat(63)));
    assertThat(name).hasSize(255);
    assertThatThrownBy(() -> mint("").leaf(name)).isInstanceOf(LeafRefusedException.class);
    assertThat(mint("").leaf(name.substring(2)).name()).hasSize(253);
  }

  @Test
  void aNameIsMintedOnceHoweverManyAsk() throws Exception {
    // Given
    LeafMint mint = mint("");
    Callable<Leaf> ask = () -> mint.leaf("crowd.example");

    // When
    Set<X509Certificate> seen = new HashSet<>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var leaf : executor.invokeAll(IntStream.range(0, 200).mapToObj(i -> ask).toList())) {
        seen.add(leaf.get().certificate());
      }
    }

    // Then
    assertThat(seen).hasSize(1);
    assertThat(mint.minted()).isEqualTo(1);
  }

  @Test
  void oldNamesMakeRoomForNewOnes() {
    // Given
    LeafMint mint = mint("leaf-cache-entries = 10");

    // When
    IntStream.range(0, 100).forEach(i -> mint.leaf("n" + i + ".example"));

    // Then
    assertThat(mint.cached()).isLessThanOrEqualTo(10);
  }

  @Test
  void aLeafIsMintedAnewBeforeItExpires() {
    // Given
    LeafMint mint = mint("");
    Leaf first = mint.leaf("a.example");

    // When
    now = now.plus(Duration.ofDays(79));
    Leaf same = mint.leaf("a.example");
    now = now.plus(Duration.ofDays(2));
    Leaf renewed = mint.leaf("a.example");

    // Then
    assertThat(same).isSameAs(first);
    assertThat(renewed.certificate()).isNotEqualTo(first.certificate());
    assertThat(mint.leaf("a.example")).isSameAs(renewed);
  }

  @Test
  void noLeafOutlivesTheCa() {
    // Given
    Instant end = ca.certificate().getNotAfter().toInstant();
    now = end.minus(Duration.ofDays(1));
    LeafMint mint = mint("");

    // When
    Leaf leaf = mint.leaf("late.example");

    // Then
    assertThat(leaf.certificate().getNotAfter().toInstant()).isEqualTo(end);
    assertThat(mint.leaf("late.example")).isSameAs(leaf);
    now = end.plusSeconds(1);
    assertThatThrownBy(() -> mint.leaf("later.example")).hasMessageContaining("expired");
  }

  @Test
  void newNamesAreBoundedInRateAndKnownOnesAreNot() {
    // Given
    LeafMint mint = mint("mint-burst = 3, mints-per-second = 10");
    List.of("a.example", "b.example", "c.example").forEach(mint::leaf);

    // When / Then
    assertThatThrownBy(() -> mint.leaf("d.example"))
        .isInstanceOfSatisfying(
            LeafRefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(LeafRefusedException.Reason.TOO_MANY));
    assertThat(mint.leaf("a.example").name()).isEqualTo("a.example");
    nanos.addAndGet(Duration.ofMillis(100).toNanos());
    assertThat(mint.leaf("d.example").name()).isEqualTo("d.example");
    assertThat(mint.refused()).isEqualTo(1);
  }
}
