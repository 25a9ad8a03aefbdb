package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and certificates made by OpenSSL, as operators bring them. */
class BroughtCaTest {
  private static final InstantSource CLOCK = InstantSource.system();
  private static final String CA_EXTENSIONS =
      " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign";
  @TempDir static Path folder;

  @BeforeAll
  static void makeKeys() throws Exception {
    Files.writeString(folder.resolve("make"), MAKE);
    var made = TlsFixtures.run(folder, java.util.List.of("sh", "-e", "make"));
    assertThat(made.code()).as(made.output()).isZero();
  }

  private static final String MAKE =
      """
      ca() { openssl req -x509 -new -key $1 -out $2 -days 30 -subj "/O=Example/CN=$2" %s; }
      openssl genrsa -out rsa8.key 2048
      openssl rsa -in rsa8.key -traditional -out rsa1.key
      openssl ecparam -name prime256v1 -genkey -out sec1.key
      openssl pkcs8 -topk8 -nocrypt -in sec1.key -out ec8.key
      openssl ecparam -name secp384r1 -genkey -noout -out ec384.key
      openssl genrsa -out small.key 1024
      openssl genpkey -algorithm ed25519 -out ed.key
      openssl pkcs8 -topk8 -in ec8.key -passout pass:x -out encrypted8.key
      openssl rsa -in rsa8.key -traditional -aes128 -passout pass:x -out encrypted1.key
      ca rsa8.key rsa.pem; ca sec1.key ec.pem; ca ec384.key ec384.pem; ca small.key small.pem
      ca ed.key ed.pem
      openssl req -x509 -new -key ec8.key -out leaf.pem -days 30 -subj /CN=leaf \
        -addext basicConstraints=critical,CA:FALSE
      openssl req -x509 -new -key ec8.key -out nosign.pem -days 30 -subj /CN=nosign \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,cRLSign
      openssl req -new -key ec384.key -out inter.csr -subj /CN=Intermediate
      printf 'basicConstraints=critical,CA:TRUE,pathlen:0\\nkeyUsage=critical,keyCertSign\\n\
      subjectKeyIdentifier=01:02:03:04\\nauthorityKeyIdentifier=keyid\\n' >inter.ext
      openssl x509 -req -in inter.csr -CA ec.pem -CAkey sec1.key -days 20 -extfile inter.ext \
        -out inter.pem -CAcreateserial
      cat inter.pem ec.pem rsa.pem >chain.pem
      """
          .formatted(CA_EXTENSIONS);

  private static String path(String name) {
    return folder.resolve(name).toString();
  }

  private static CertificateAuthority brought(String key, String certificate) {
    return CertificateAuthority.brought(
        path(key), certificate.isEmpty() ? "" : path(certificate), CLOCK);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rsa8.key rsa.pem",
        "rsa1.key rsa.pem",
        "sec1.key ec.pem",
        "ec8.key ec.pem",
        "ec384.key ec384.pem"
      })
  void leavesOfEveryKindOfKeyPassOpensslsStrictMode(String pair) throws Exception {
    // Given
    String[] names = pair.split(" ");
    CertificateAuthority ca = brought(names[0], names[1]);
    Leaf leaf = new LeafMint(ca, TlsFixtures.settings(), CLOCK).leaf("www.example.com");
    Files.writeString(folder.resolve("www.pem"), Pem.write(leaf.certificate()));

    // When
    var strict =
        TlsFixtures.openssl(
            folder,
            "verify -x509_strict -purpose sslserver -verify_hostname www.example.com -CAfile "
                + names[1]
                + " www.pem");

    // Then
    assertThat(strict.output()).contains("www.pem: OK");
    assertThat(leaf.chain()).hasSize(1);
  }

  @Test
  void anIntermediateIsServedAndItsRootIsWhatClientsTrust() throws Exception {
    // Given
    CertificateAuthority ca = brought("ec384.key", "chain.pem");
    Leaf leaf = new LeafMint(ca, TlsFixtures.settings(), CLOCK).leaf("www.example.com");
    Files.writeString(folder.resolve("www.pem"), Pem.write(leaf.certificate()));
    Files.writeString(folder.resolve("served.pem"), Pem.write(leaf.chain().get(1)));
    Files.writeString(folder.resolve("anchor.pem"), ca.pem());

    // When
    var strict =
        TlsFixtures.openssl(
            folder, "verify -x509_strict -CAfile anchor.pem -untrusted served.pem www.pem");
    var text = TlsFixtures.openssl(folder, "x509 -in www.pem -noout -text");

    // Then
    assertThat(strict.output()).contains("www.pem: OK");
    assertThat(leaf.chain()).hasSize(2);
    assertThat(text.output()).containsPattern("Authority Key Identifier:\\s+(keyid:)?01:02:03:04");
    assertThat(leaf.certificate().getNotAfter()).isEqualTo(ca.certificate().getNotAfter());
  }

  @Test
  void keyAndCertificateMayStandInOneTextEvenWithEscapedLineEnds() throws Exception {
    // Given
    String both =
        Files.readString(folder.resolve("ec8.key")) + Files.readString(folder.resolve("ec.pem"));

    // When
    CertificateAuthority inline = CertificateAuthority.brought(both, "", CLOCK);
    CertificateAuthority escaped =
        CertificateAuthority.brought(both.replace("\n", "\\n"), "", CLOCK);

    // Then
    assertThat(inline.pem()).isEqualTo(escaped.pem());
    assertThat(inline.pem()).isEqualTo(brought("sec1.key", "ec.pem").pem());
  }

  @Test
  void everyMistakeHasItsSentence() throws Exception {
    refuses("encrypted8.key", "ec.pem", "encrypted private key");
    refuses("encrypted1.key", "rsa.pem", "encrypted private key");
    refuses("small.key", "small.pem", "only 1024 bits");
    refuses("ed.key", "ed.pem", "use RSA or EC P-256");
    refuses("rsa8.key", "ec.pem", "does not belong to its certificate");
    refuses("ec384.key", "ec.pem", "does not belong to its certificate");
    refuses("ec8.key", "leaf.pem", "lacks CA:TRUE");
    refuses("ec8.key", "nosign.pem", "lacks keyCertSign");
    refuses("ec8.key", "", "no certificate; give its certificate with --ca-cert");
    refuses("ec.pem", "", "holds no private key");
    refuses("missing.key", "", "does not exist");
    Files.writeString(
        folder.resolve("two.key"),
        Files.readString(folder.resolve("ec8.key")) + Files.readString(folder.resolve("rsa8.key")));
    refuses("two.key", "ec.pem", "more than one private key");
    String cut = Files.readString(folder.resolve("ec8.key"));
    Files.writeString(folder.resolve("cut.key"), cut.substring(0, cut.length() / 2));
    refuses("cut.key", "ec.pem", "--ca");
  }

  private static void refuses(String key, String certificate, String sentence) {
    assertThatThrownBy(() -> brought(key, certificate))
        .as(key + " " + certificate)
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void timeAndTheMissingKeyAreJudgedToo() {
    InstantSource later = InstantSource.offset(CLOCK, Duration.ofDays(31));
    assertThatThrownBy(() -> CertificateAuthority.brought(path("ec8.key"), path("ec.pem"), later))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("expired at");
    InstantSource earlier = InstantSource.offset(CLOCK, Duration.ofDays(-2));
    assertThatThrownBy(() -> CertificateAuthority.brought(path("ec8.key"), path("ec.pem"), earlier))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("check this machine's clock");
    assertThatThrownBy(() -> CertificateAuthority.brought("", path("ec.pem"), CLOCK))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("without --ca");
  }
}
