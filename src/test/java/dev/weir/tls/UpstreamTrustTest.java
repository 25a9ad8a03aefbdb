package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.FileInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Origins with certificates made by OpenSSL, good and bad. */
class UpstreamTrustTest {
  private static final InstantSource CLOCK = InstantSource.system();
  @TempDir static Path folder;
  static UpstreamTrust trust;

  private static final String MAKE =
      """
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout ca.key -out ca.pem \
        -days 30 -subj "/CN=Test Origin CA" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign
      openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 30 \
        -subj "/CN=Stranger <b>" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout self.key \
        -out self.pem -days 30 -subj /CN=a.test -addext subjectAltName=DNS:a.test
      leaf() {
        openssl req -new -newkey $2 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1"
        printf "subjectAltName=$3\\nextendedKeyUsage=serverAuth\\n" >$1.ext
        openssl x509 -req -in $1.csr -CA $4.pem -CAkey $4.key -days $5 -extfile $1.ext -out $1.pem \
          -CAcreateserial $6
      }
      EC="ec -pkeyopt ec_paramgen_curve:P-384"
      leaf good "$EC" "DNS:a.test,DNS:*.wild.test,IP:192.0.2.1,IP:2001:db8::1" ca 20
      leaf rsa4096 rsa:4096 DNS:a.test ca 20
      leaf short "$EC" DNS:a.test ca 1
      leaf stranger "$EC" DNS:a.test other 20
      leaf weak rsa:768 DNS:a.test ca 20
      for name in good rsa4096 short stranger weak; do
        openssl pkcs12 -export -inkey $name.key -in $name.pem -out $name.p12 -passout pass:x
      done
      openssl pkcs12 -export -inkey self.key -in self.pem -out self.p12 -passout pass:x
      """;

  @BeforeAll
  static void makeOrigins() throws Exception {
    Files.writeString(folder.resolve("make"), MAKE);
    var made = TlsFixtures.run(folder, List.of("bash", "-e", "make"));
    assertThat(made.code()).as(made.output()).isZero();
    trust = trusting(CLOCK, "ca.pem");
  }

  private static UpstreamTrust trusting(InstantSource clock, String... authorities) {
    String files =
        java.util.Arrays.stream(authorities)
            .map(name -> "\"" + folder.resolve(name) + "\"")
            .collect(java.util.stream.Collectors.joining(","));
    return UpstreamTrust.load(
        TlsFixtures.settings("upstream-ca = [" + files + "]"), Map.of(), clock);
  }

  private static SSLEngine origin(String name) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (var in = new FileInputStream(folder.resolve(name + ".p12").toFile())) {
      store.load(in, "x".toCharArray());
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, "x".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    SSLEngine engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    return engine;
  }

  private static String refusal(UpstreamTrust client, String host, String origin) {
    Throwable failure =
        catchThrowable(() -> Handshake.run(client.clientEngine(host, 443), origin(origin)));
    assertThat(failure).isInstanceOf(SSLException.class);
    return client.explain(failure);
  }

  @ParameterizedTest
  @CsvSource({
    "a.test, good",
    "A.Test., good",
    "x.wild.test, good",
    "my_bucket.wild.test, good",
    "192.0.2.1, good",
    "2001:db8::1, good",
    "a.test, rsa4096"
  })
  void goodOriginsAreAccepted(String host, String origin) throws Exception {
    Handshake.run(trust.clientEngine(host, 443), origin(origin));
  }

  @ParameterizedTest
  @CsvSource({
    "b.test",
    "wild.test",
    "x.y.wild.test",
    "192.0.2.2",
    "2001:db8::2",
    "my_bucket.a.test",
    "my_bucket.x.wild.test"
  })
  void anotherNameIsRefusedAndTheCertificatesNamesAreListed(String host) {
    // When
    String sentence = refusal(trust, host, "good");

    // Then
    assertThat(sentence)
        .isEqualTo(
            "the certificate of "
                + host
                + " is not for this host but for a.test, *.wild.test, 192.0.2.1,"
                + " 2001:db8:0:0:0:0:0:1");
  }

  @Test
  void anUnknownIssuerIsNamedWithTheWayToTrustIt() {
    // When
    String sentence = refusal(trust, "a.test", "stranger");

    // Then
    assertThat(sentence)
        .startsWith("the certificate of a.test was issued by an authority that is not trusted here")
        .contains("CN=Stranger", "--upstream-ca")
        .doesNotContain("<");
  }

  @Test
  void aSelfSignedCertificateIsCalledThatAndCanBeTrusted() throws Exception {
    assertThat(refusal(trust, "a.test", "self")).contains("is self-signed", "--upstream-ca");
    Handshake.run(trusting(CLOCK, "self.pem").clientEngine("a.test", 443), origin("self"));
  }

  @Test
  void severalAuthoritiesOfOneNameAreAllTried() throws Exception {
    // Given two authorities of the same name but different keys
    var made =
        TlsFixtures.openssl(
            folder,
            "req -x509 -newkey rsa:2048 -nodes -keyout twin.key -out twin.pem -days 30"
                + " -subj '/CN=Test Origin CA' -addext basicConstraints=critical,CA:TRUE");
    assertThat(made.code()).isZero();

    // When / Then
    Handshake.run(
        trusting(CLOCK, "twin.pem", "ca.pem").clientEngine("a.test", 443), origin("good"));
    Handshake.run(
        trusting(CLOCK, "ca.pem", "twin.pem").clientEngine("a.test", 443), origin("good"));
  }

  @Test
  void anExpiredCertificateSaysWhen() throws Exception {
    // Given: openssl's own clock cannot be set back, so the certificate is made to end in the past
    var made =
        TlsFixtures.run(
            folder,
            List.of(
                "sh",
                "-c",
                "mkdir -p db && : >db/index && echo 01 >db/serial && printf '[ca]\\n"
                    + "default_ca=d\\n"
                    + "[d]\\n"
                    + "new_certs_dir=db\\n"
                    + "database=db/index\\n"
                    + "serial=db/serial\\n"
                    + "policy=p\\n"
                    + "default_md=sha256\\n"
                    + "[p]\\n"
                    + "commonName=supplied\\n"
                    + "' >db/conf && openssl ca -batch -config db/conf -cert ca.pem -keyfile ca.key"
                    + " -in short.csr -startdate 20200101000000Z -enddate 20200201000000Z -extfile"
                    + " short.ext -notext -out expired.pem && openssl pkcs12 -export -inkey"
                    + " short.key -in expired.pem -out expired.p12 -passout pass:x"));
    assertThat(made.code()).as(made.output()).isZero();

    // When
    String sentence = refusal(trust, "a.test", "expired");

    // Then
    assertThat(sentence).isEqualTo("the certificate of a.test expired at 2020-02-01T00:00:00Z");
  }

  @Test
  void aWeakSignatureIsRefused() {
    assertThat(refusal(trust, "a.test", "weak")).contains("too weak");
  }

  @Test
  void alertsAndOtherProtocolsAreExplained() throws Exception {
    // Given
    SSLEngine old = origin("good");
    SSLParameters parameters = old.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    old.setSSLParameters(parameters);

    // When
    Throwable noHttp11 =
        catchThrowable(() -> Handshake.run(trust.clientEngine("a.test", 443), old));
    Throwable plain =
        catchThrowable(
            () -> {
              SSLEngine client = trust.clientEngine("a.test", 443);
              client.beginHandshake();
              client.wrap(java.nio.ByteBuffer.allocate(0), java.nio.ByteBuffer.allocate(1 << 15));
              client.unwrap(
                  java.nio.ByteBuffer.wrap(
                      "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
                  java.nio.ByteBuffer.allocate(1 << 15));
            });

    // Then
    assertThat(noHttp11).isInstanceOf(SSLException.class);
    assertThat(trust.explain(plain)).isEqualTo("the origin does not speak TLS on this port");
    assertThat(trust.explain(alert("handshake_failure"))).contains("handshake_failure");
    assertThat(trust.explain(alert("protocol_version"))).contains("1.2 or 1.3");
    assertThat(trust.explain(alert("no_application_protocol"))).contains("ALPN");
    assertThat(trust.explain(alert("certificate_required"))).contains("client certificate");
    assertThat(trust.explain(new RuntimeException("odd\r\n<script>"))).doesNotContain("\n", "<");
  }

  private static SSLException alert(String name) {
    return new SSLHandshakeException("(" + name + ") Received fatal alert: " + name);
  }

  @Test
  void theSystemsBundleComesFromSslCertFileFirst() {
    // Given
    Map<String, String> environment = Map.of("SSL_CERT_FILE", folder.resolve("ca.pem").toString());

    // When
    UpstreamTrust fromFile = UpstreamTrust.load(TlsFixtures.settings(), environment, CLOCK);

    // Then
    assertThat(
            catchThrowable(
                () -> Handshake.run(fromFile.clientEngine("a.test", 443), origin("good"))))
        .isNull();
    assertThat(fromFile.anchors()).isGreaterThan(50);
  }

  @Test
  void anAddedAuthorityThatCannotBeReadStopsTheStart() throws Exception {
    Files.writeString(folder.resolve("empty.pem"), "nothing\n");
    assertThatThrownBy(() -> trusting(CLOCK, "empty.pem"))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("--upstream-ca holds no certificate");
    assertThatThrownBy(() -> trusting(CLOCK, "missing.pem"))
        .isInstanceOf(TlsConfigException.class)
        .hasMessageContaining("does not exist");
  }
}
