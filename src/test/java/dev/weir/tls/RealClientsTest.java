package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** curl, Node and OpenSSL against engines of ours over real sockets. */
class RealClientsTest {
  @TempDir static Path folder;
  static InterceptionTls tls;

  @BeforeAll
  static void makeCa() {
    CertificateAuthority ca = CertificateAuthority.openOrCreate(folder, InstantSource.system());
    TlsCaSettings settings = TlsFixtures.settings();
    tls = new InterceptionTls(new LeafMint(ca, settings, InstantSource.system()), settings);
  }

  private static String shell(String command) throws Exception {
    return TlsFixtures.run(folder, List.of("sh", "-c", command)).output();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--tls-max 1.2", "--tlsv1.3"})
  void curlAcceptsNamesAndAddresses(String version) throws Exception {
    try (EngineServer named = new EngineServer(() -> tls.engine(null));
        EngineServer address = new EngineServer(() -> tls.engine("127.0.0.1"))) {
      // Given
      String curl = "curl -sS --noproxy '*' --cacert ca/ca.pem " + version + " ";

      // When
      String name =
          shell(
              curl
                  + "--resolve a.example:"
                  + named.port()
                  + ":127.0.0.1 https://a.example:"
                  + named.port()
                  + "/");
      String ip = shell(curl + "https://127.0.0.1:" + address.port() + "/");

      // Then
      assertThat(name).isEqualTo("ok\n");
      assertThat(ip).isEqualTo("ok\n");
    }
  }

  @Test
  void nodeAcceptsALongName() throws Exception {
    String name = "x".repeat(60) + ".subdomain.example";
    try (EngineServer server = new EngineServer(() -> tls.engine(null))) {
      // When
      String answer =
          shell(
              "NODE_EXTRA_CA_CERTS=ca/ca.pem node -e \"require('https').get({host:'127.0.0.1',port:"
                  + server.port()
                  + ",servername:'"
                  + name
                  + "',headers:{host:'"
                  + name
                  + "'}},"
                  + "r=>r.pipe(process.stdout)).on('error',e=>console.log(e.code))\"");

      // Then
      assertThat(answer).isEqualTo("ok\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void opensslResumesForTheSameHostOnly(String version) throws Exception {
    AtomicReference<@Nullable String> host = new AtomicReference<>("one.example");
    try (EngineServer server = new EngineServer(() -> tls.engine(host.get()))) {
      // Given
      String client =
          "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | timeout 10 openssl s_client -ign_eof"
              + " -CAfile ca/ca.pem -verify_return_error "
              + version
              + " -connect 127.0.0.1:"
              + server.port();
      String session = " session" + version;
      String first = shell(client + " -servername one.example -sess_out" + session);

      // When
      String same = shell(client + " -servername one.example -sess_in" + session);
      String otherName = shell(client + " -servername two.example -sess_in" + session);
      host.set("two.example");
      String otherTunnel = shell(client + " -servername one.example -sess_in" + session);
      String other = shell(client + " -servername two.example -sess_in" + session);
      host.set(null);
      String direct = shell(client + " -servername two.example -sess_in" + session);

      // Then
      assertThat(first).contains("New, TLS", "Verify return code: 0 (ok)");
      assertThat(same).contains("Reused, TLS", "CN = one.example");
      assertThat(otherName).contains("New, TLS", "CN = two.example");
      assertThat(otherTunnel).contains("New, TLS", "CN = one.example");
      assertThat(other).contains("New, TLS", "CN = two.example");
      assertThat(direct).contains("New, TLS", "CN = two.example");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1_2", "-tls1_3"})
  void opensslStrictAcceptsTheServedChain(String version) throws Exception {
    try (EngineServer server = new EngineServer(() -> tls.engine("10.9.8.7"))) {
      // When
      String output =
          shell(
              "printf 'GET / HTTP/1.1\\r\\n\\r\\n' | timeout 10 openssl s_client -ign_eof"
                  + " -x509_strict -verify_return_error -verify_ip 10.9.8.7 -noservername "
                  + version
                  + " -CAfile ca/ca.pem -alpn h2,http/1.1 -connect 127.0.0.1:"
                  + server.port());

      // Then
      assertThat(output).contains("Verify return code: 0 (ok)", "ALPN protocol: http/1.1");
    }
  }
}
