package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates of listeners, made by OpenSSL as operators bring them. */
class ServerTlsTest {
  private static final InstantSource CLOCK = InstantSource.system();
  private static final String MAKE =
      """
      openssl genrsa -out rsa8.key 2048
      openssl rsa -in rsa8.key -traditional -out rsa1.key
      openssl ecparam -name prime256v1 -genkey -noout -out sec1.key
      openssl pkcs8 -topk8 -nocrypt -in sec1.key -out ec8.key
      openssl ecparam -name secp384r1 -genkey -noout -out root.key
      openssl req -x509 -new -key root.key -out root.pem -days 30 -subj /CN=Root \
        -addext basicConstraints=critical,CA:TRUE
      for kind in rsa8 ec8; do
        openssl req -new -key $kind.key -out $kind.csr -subj /CN=front.test
        printf 'subjectAltName=DNS:front.test\\n' >leaf.ext
        openssl x509 -req -in $kind.csr -CA root.pem -CAkey root.key -days 20 -extfile leaf.ext \
          -out $kind.leaf -CAcreateserial
        cat $kind.leaf root.pem >$kind.pem
      done
      cat ec8.pem ec8.key >both.pem
      """;
  @TempDir static Path folder;

  @BeforeAll
  static void makeKeys() throws Exception {
    Files.writeString(folder.resolve("make"), MAKE);
    var made = TlsFixtures.run(folder, List.of("sh", "-e", "make"));
    assertThat(made.code()).as(made.output()).isZero();
  }

  private static String path(String name) {
    return name.isEmpty() ? "" : folder.resolve(name).toString();
  }

  private static ServerTls brought(String certificate, String key, InstantSource clock) {
    return ServerTls.brought(path(certificate), path(key), TlsFixtures.settings(), clock);
  }

  /** What a client that asks for any name is shown. */
  private static X509Certificate[] shown(ServerTls tls, String protocol) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustEverybody()}, null);
    SSLEngine client = context.createSSLEngine("whatever.test", 443);
    client.setUseClientMode(true);
    client.setEnabledProtocols(new String[] {protocol});
    Handshake.run(client, tls.engine());
    return (X509Certificate[]) client.getSession().getPeerCertificates();
  }

  @ParameterizedTest
  @CsvSource({
    "rsa8.pem, rsa8.key",
    "rsa8.pem, rsa1.key",
    "ec8.pem, ec8.key",
    "ec8.pem, sec1.key",
    "both.pem, ''"
  })
  void everyKindOfKeyServesWithoutTheRoot(String certificate, String key) throws Exception {
    for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
      // When
      X509Certificate[] chain = shown(brought(certificate, key, CLOCK), protocol);

      // Then
      assertThat(chain).hasSize(1);
      assertThat(chain[0].getSubjectX500Principal().getName()).isEqualTo("CN=front.test");
    }
  }

  @Test
  void aReplacedFileIsShownAndABrokenOneIsNot() throws Exception {
    // Given
    Path certificate = folder.resolve("live.pem");
    Path key = folder.resolve("live.key");
    copy("rsa8.pem", certificate);
    copy("rsa8.key", key);
    ServerTls tls = brought("live.pem", "live.key", CLOCK);
    X509Certificate first = shown(tls, "TLSv1.3")[0];

    // When
    copy("ec8.pem", certificate);
    tls.reload();
    X509Certificate halfWay = shown(tls, "TLSv1.3")[0];
    copy("ec8.key", key);
    tls.reload();
    X509Certificate second = shown(tls, "TLSv1.3")[0];

    // Then
    assertThat(halfWay).isEqualTo(first);
    assertThat(second).isNotEqualTo(first);
    assertThat(second.getPublicKey().getAlgorithm()).isEqualTo("EC");
  }

  private static void copy(String from, Path to) throws Exception {
    Files.copy(folder.resolve(from), to, StandardCopyOption.REPLACE_EXISTING);
  }

  @ParameterizedTest
  @CsvSource({
    "ec8.pem, '', '--tls-cert holds no private key; give it with --tls-key'",
    "ec8.pem, rsa8.key, does not belong to its certificate",
    "missing.pem, ec8.key, --tls-cert names",
    "ec8.pem, missing.key, --tls-key names",
    "ec8.key, ec8.key, holds a private key but no certificate",
  })
  void everyMistakeHasItsSentence(String certificate, String key, String sentence) {
    assertThatThrownBy(() -> brought(certificate, key, CLOCK))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining(sentence)
        .hasMessageNotContaining("--ca");
  }

  @Test
  void anExpiredCertificateStopsTheStart() {
    InstantSource later = InstantSource.offset(CLOCK, Duration.ofDays(25));
    assertThatThrownBy(() -> brought("ec8.pem", "ec8.key", later))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("expired at");
  }

  @Test
  void aLeafOfOurOwnIsForThatNameWhateverAClientAsksFor() throws Exception {
    // Given
    CertificateAuthority ca =
        CertificateAuthority.open(TlsFixtures.settings(), folder.resolve("data"), CLOCK);
    LeafMint mint = new LeafMint(ca, TlsFixtures.settings(), CLOCK);

    // When
    X509Certificate leaf =
        shown(ServerTls.minted(mint, "Front.Test", TlsFixtures.settings()), "TLSv1.3")[0];

    // Then
    assertThat(leaf.getSubjectAlternativeNames().iterator().next().get(1)).isEqualTo("front.test");
    assertThatThrownBy(() -> ServerTls.minted(mint, "not a name", TlsFixtures.settings()))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageStartingWith("--tls-name: ");
  }

  @Test
  void askingOurselvesTrustsNobodyElse() throws Exception {
    // Given
    ServerTls ours = brought("rsa8.pem", "rsa8.key", CLOCK);
    ServerTls other = brought("ec8.pem", "ec8.key", CLOCK);
    try (EngineServer server = new EngineServer(ours::engine);
        EngineServer stranger = new EngineServer(other::engine)) {

      // When // Then
      assertThat(answers(ours, server.port())).isTrue();
      assertThatThrownBy(() -> answers(ours, stranger.port())).isInstanceOf(SSLException.class);
    }
  }

  private static boolean answers(ServerTls tls, int port) throws Exception {
    try (var socket = tls.ownSockets().createSocket("127.0.0.1", port)) {
      socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes("US-ASCII"));
      return socket.getInputStream().read() == 'H';
    }
  }
}
