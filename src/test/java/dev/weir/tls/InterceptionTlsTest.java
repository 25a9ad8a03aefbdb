package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InterceptionTlsTest {
  @TempDir static Path folder;
  static CertificateAuthority ca;
  static UpstreamTrust trust;
  private final LeafMint mint = new LeafMint(ca, TlsFixtures.settings(), InstantSource.system());
  private final InterceptionTls tls = new InterceptionTls(mint, TlsFixtures.settings());

  @BeforeAll
  static void makeCa() {
    ca = CertificateAuthority.openOrCreate(folder, InstantSource.system());
    TlsCaSettings trusting = TlsFixtures.settings("upstream-ca = [\"\"\"" + ca.pem() + "\"\"\"]");
    trust = UpstreamTrust.load(trusting, Map.of(), InstantSource.system());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.com",
        "127.0.0.1",
        "::1",
        "xn--mnchen-3ya.example",
        "my_bucket.example.com"
      })
  void ourOwnStrictClientAcceptsALeafForEveryKindOfHost(String host) throws Exception {
    // Given
    SSLEngine client = trust.clientEngine(host, 443);
    SSLEngine server = tls.engine(host);

    // When
    Handshake.run(client, server);

    // Then
    assertThat(client.getSession().getProtocol()).isEqualTo("TLSv1.3");
    assertThat(client.getApplicationProtocol()).isEqualTo("http/1.1");
    assertThat(server.getApplicationProtocol()).isEqualTo("http/1.1");
  }

  @Test
  void withoutConnectTheServerNameDecides() throws Exception {
    // Given
    SSLEngine client = trust.clientEngine("direct.example", 443);
    SSLEngine server = tls.engine(null);

    // When
    Handshake.run(client, server);

    // Then
    assertThat(InterceptionTls.serverName(server)).contains("direct.example");
  }

  @Test
  void withoutConnectAndServerNameTheHandshakeIsRefused() {
    // Given
    SSLEngine client = trust.clientEngine("127.0.0.1", 443);
    SSLEngine server = tls.engine(null);

    // When / Then
    assertThatThrownBy(() -> Handshake.run(client, server)).isInstanceOf(SSLException.class);
  }

  @Test
  void aTunnelWhoseServerNameDiffersShowsTheLeafTheClientCanReadThe421With() throws Exception {
    // Given
    SSLEngine client = trust.clientEngine("other.example", 443);
    SSLEngine server = tls.engine("tunnel.example");

    // When
    Handshake.run(client, server);

    // Then
    assertThat(InterceptionTls.serverName(server)).contains("other.example");
    assertThat(InterceptionTls.sameHost("other.example", "tunnel.example")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.3", "TLSv1.2"})
  void aSessionIsResumedForTheSameHost(String protocol) throws Exception {
    // Given
    Client client = new Client(protocol);
    client.connect(tls.engine("one.example"), "one.example");

    // When
    SSLEngine second = client.connect(tls.engine("one.example"), "one.example");

    // Then
    assertThat(client.resumed(second)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "TLSv1.3, one.example, two.example",
    "TLSv1.2, one.example, two.example",
    "TLSv1.3, 10.0.0.1, 10.0.0.2",
    "TLSv1.2, 10.0.0.1, 10.0.0.2",
  })
  void aSessionWithoutServerNameIsNeverResumedForAnotherHost(
      String protocol, String first, String second) throws Exception {
    // Given
    Client client = new Client(protocol);
    client.connect(tls.engine(first), null);

    // When
    SSLEngine engine = client.connect(tls.engine(second), null);

    // Then
    assertThat(client.resumed(engine)).isFalse();
    X509Certificate shown = (X509Certificate) engine.getSession().getPeerCertificates()[0];
    assertThat(OriginNames.of(shown)).containsExactly(second);
  }

  @Test
  void aResumedHandshakeTellsItsOwnServerName() throws Exception {
    // Given
    Client client = new Client("TLSv1.3");
    client.connect(tls.engine("one.example"), "one.example");
    SSLEngine server = tls.engine("one.example");

    // When
    client.connect(server, "ONE.example");

    // Then
    assertThat(InterceptionTls.serverName(server)).contains("one.example");
  }

  /** Offers the session of its last connection whatever host it goes to, as a hostile one would. */
  private static final class Client {
    private final SSLContext context = SSLContext.getInstance("TLS");
    private final String protocol;
    private long started;

    Client(String protocol) throws Exception {
      this.protocol = protocol;
      context.init(null, new TrustManager[] {new TrustEverybody()}, null);
    }

    SSLEngine connect(SSLEngine server, @Nullable String serverName) throws Exception {
      SSLEngine engine = context.createSSLEngine("same-key", 443);
      engine.setUseClientMode(true);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setProtocols(new String[] {protocol});
      List<SNIServerName> names =
          serverName == null ? List.of() : List.of(new SNIHostName(serverName));
      parameters.setServerNames(names);
      engine.setSSLParameters(parameters);
      // A resumed session keeps the creation time of the first; so let the clock move on.
      long before = System.currentTimeMillis();
      while (System.currentTimeMillis() == before) {
        Thread.onSpinWait();
      }
      started = System.currentTimeMillis();
      Handshake.run(engine, server);
      return engine;
    }

    boolean resumed(SSLEngine engine) {
      return engine.getSession().getCreationTime() < started;
    }
  }
}
