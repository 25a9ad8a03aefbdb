package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static dev.weir.origin.OriginFixture.get;
import static dev.weir.origin.OriginFixture.request;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.testing.TestCa;
import dev.weir.tls.RuleTls;
import dev.weir.tls.TlsCaSettings;
import dev.weir.tls.UpstreamTrust;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections as rules want them: by TLS identity and local address. */
@Timeout(60)
class ConnectionTermsTest {
  private static final String HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

  @TempDir private static Path folder;
  private static OriginFixture fixture;
  private static String originCa;
  private static ServerSocketFactory demanding;
  private static PekkoOrigins origins;
  private final Set<String> clients = ConcurrentHashMap.newKeySet();

  @BeforeAll
  static void start() throws Exception {
    fixture = new OriginFixture();
    TestCa serving = new TestCa("Private origins");
    TestCa asking = new TestCa("Their clients");
    originCa = Files.readString(serving.pem(folder));
    demanding = serving.socketsFor(asking, "127.0.0.1");
    asking.client(folder, "one");
    asking.client(folder, "two");
    TlsCaSettings settings =
        TlsCaSettings.from(
            ConfigFactory.parseResources("reference/tls.conf").resolve().getConfig("weir.tls"));
    UpstreamTrust trust = UpstreamTrust.load(settings, Map.of(), InstantSource.system());
    origins = fixture.origins("", ClientEngines.of(trust), System::nanoTime);
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  private RawOrigin origin() throws Exception {
    return RawOrigin.start(
        demanding,
        peer -> {
          while (peer.head() != null) {
            clients.add(((SSLSocket) peer.socket).getSession().getPeerPrincipal().getName());
            peer.say(HELLO);
          }
        });
  }

  private static RuleTls tls(String ca, @Nullable String client, boolean insecure)
      throws Exception {
    String certificate = client == null ? "" : Files.readString(folder.resolve(client + ".pem"));
    String key = client == null ? "" : Files.readString(folder.resolve(client + ".key"));
    return new RuleTls(ca.length() + " " + client + insecure, ca, certificate, key, insecure);
  }

  private static OriginRequest asking(Authority authority, @Nullable RuleTls tls) {
    ConnectionTerms terms = new ConnectionTerms(tls, null);
    return request("GET", "https", authority, "/", OriginFixture.TIMEOUTS)
        .on(new OriginTerms(CircuitTerms.OFF, null, 0).over(terms));
  }

  private static String text(OriginRequest request) throws Exception {
    return fixture.text(await(origins.fetch(request)));
  }

  @Test
  void anAuthorityOfARuleAndACertificateOfOurOwnAreUsedByThatRuleAlone() throws Exception {
    try (RawOrigin origin = origin()) {
      // When
      String one = text(asking(origin.authority(), tls(originCa, "one", false)));
      OriginFailure unknown = failure(origins.fetch(asking(origin.authority(), null)));
      OriginFailure nameless =
          failure(origins.fetch(asking(origin.authority(), tls(originCa, null, false))));

      // Then
      assertThat(one).isEqualTo("hello");
      assertThat(clients).containsExactly("CN=one");
      assertThat(unknown.kind()).isEqualTo(OriginFailure.Kind.TLS);
      assertThat(nameless).isNotNull();
    }
  }

  @Test
  void connectionsOfDifferentIdentitiesAreNeverShared() throws Exception {
    try (RawOrigin origin = origin()) {
      // When
      for (int i = 0; i < 3; i++) {
        text(asking(origin.authority(), tls(originCa, "one", false)));
        text(asking(origin.authority(), tls(originCa, "two", false)));
      }

      // Then
      assertThat(origin.accepted()).isEqualTo(2);
      assertThat(clients).containsExactlyInAnyOrder("CN=one", "CN=two");
    }
  }

  @Test
  void insecureTakesAnyCertificateForThatRuleAlone() throws Exception {
    try (RawOrigin origin =
        RawOrigin.start(
            new TestCa("Nobody knows it").sockets("other.example"),
            peer -> {
              peer.head();
              peer.say(HELLO);
            })) {
      // Then
      assertThat(text(asking(origin.authority(), tls("", null, true)))).isEqualTo("hello");
      assertThat(failure(origins.fetch(asking(origin.authority(), null))).kind())
          .isEqualTo(OriginFailure.Kind.TLS);
    }
  }

  @Test
  void aRedirectToAnotherOriginLeavesTheIdentityBehind() throws Exception {
    try (RawOrigin stranger = origin();
        RawOrigin origin =
            RawOrigin.start(
                demanding,
                peer -> {
                  peer.head();
                  peer.say(
                      "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: https://"
                          + stranger.authority().text("https")
                          + "/\r\n\r\n");
                })) {
      // Given
      OriginRequest request = asking(origin.authority(), tls(originCa, "one", false));
      OriginTerms terms = request.terms();

      // When
      OriginFailure failure =
          failure(
              origins.fetch(
                  request.on(new OriginTerms(terms.circuit(), null, 1).over(terms.connection()))));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.TLS);
      assertThat(clients).isEmpty();
    }
  }

  @Test
  void connectionsComeFromTheAddressThatIsSetAndAreNotShared() throws Exception {
    // Given
    Set<String> from = ConcurrentHashMap.newKeySet();
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              from.add(
                  ((InetSocketAddress) peer.socket.getRemoteSocketAddress())
                      .getAddress()
                      .getHostAddress());
              while (peer.head() != null) {
                peer.say(HELLO);
              }
            })) {
      ConnectionTerms terms = new ConnectionTerms(null, InetAddress.ofLiteral("127.0.0.9"));
      OriginRequest usual = get(origin.authority(), "/");
      OriginRequest bound = usual.on(new OriginTerms(CircuitTerms.OFF, null, 0).over(terms));

      // When
      for (int i = 0; i < 3; i++) {
        text(usual);
        text(bound);
      }

      // Then
      assertThat(from).containsExactlyInAnyOrder("127.0.0.1", "127.0.0.9");
      assertThat(origin.accepted()).isEqualTo(2);
    }
  }

  @Test
  void fromAnAddressOfAnotherFamilyNothingCanBeReached() throws Exception {
    try (RawOrigin origin = RawOrigin.start(RawOrigin.Peer::head)) {
      ConnectionTerms terms = new ConnectionTerms(null, InetAddress.ofLiteral("::1"));
      OriginFailure failure =
          failure(
              origins.fetch(
                  get(origin.authority(), "/")
                      .on(new OriginTerms(CircuitTerms.OFF, null, 0).over(terms))));
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CONNECT);
      assertThat(failure).hasMessageContaining("None of the addresses");
    }
  }
}
