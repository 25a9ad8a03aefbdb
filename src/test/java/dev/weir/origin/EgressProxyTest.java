package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.testing.OriginServer;
import dev.weir.testing.TestConnectProxy;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Origins asked through a proxy. */
class EgressProxyTest {
  @TempDir private static Path folder;
  private static OriginFixture fixture;
  private OriginServer server;
  private TestConnectProxy proxy;

  @BeforeAll
  static void open() {
    fixture = new OriginFixture();
  }

  @AfterAll
  static void close() throws Exception {
    fixture.close();
  }

  @BeforeEach
  void start() throws Exception {
    server = OriginServer.start();
    proxy = TestConnectProxy.start("user:pass word", server.port());
  }

  @AfterEach
  void stop() throws Exception {
    proxy.close();
    server.close();
  }

  private OriginSettings settings(String credentials, String more) {
    return OriginFixture.settings(
        "egress-proxy { url = \"http://127.0.0.1:%d\", credentials = \"%s\" %s }"
            .formatted(proxy.port(), credentials, more));
  }

  /** Names have no address here; the proxy knows where they are. */
  private PekkoOrigins origins(OriginSettings settings) {
    EgressGate gate =
        new EgressGate(
            EgressRules.forwardProxy("denied.test", "127.0.0.1"),
            new OwnListeners(60_000),
            name ->
                CompletableFuture.failedFuture(
                    new OriginFailure(OriginFailure.Kind.RESOLVE, "no such name", null)),
            4,
            settings.egressProxy());
    return fixture.origins(settings, OriginFixture.NO_TLS, gate, System::nanoTime);
  }

  @Test
  void aNameThatOnlyTheProxyKnowsIsAskedThroughIt() throws Exception {
    // Given
    PekkoOrigins origins = origins(settings("user:pass word", ""));
    Authority name = new Authority("inside.test", 80);

    // When
    OriginResponse first = OriginFixture.await(origins.fetch(OriginFixture.get(name, "/policy")));
    String text = fixture.text(first);
    OriginResponse again = OriginFixture.await(origins.fetch(OriginFixture.get(name, "/policy/2")));
    fixture.text(again);

    // Then
    assertThat(text).contains("version 1");
    assertThat(proxy.targets()).as("the connection is kept").containsExactly("inside.test:80");
    assertThat(server.seen().getFirst().header("Host")).isEqualTo("inside.test");
    assertThat(server.seen()).noneMatch(seen -> seen.headers().has("Proxy-Authorization"));
  }

  @Test
  void tunnelsGoThroughItToo() throws Exception {
    // Given
    PekkoOrigins origins = origins(settings("user:pass word", ""));
    var tunnel = OriginFixture.await(origins.tunnel(new Authority("inside.test", 443)));

    // When
    ByteString answer =
        OriginFixture.await(
            Source.single(
                    ByteString.fromString(
                        "GET /policy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
                .concat(Source.maybe())
                .via(tunnel)
                .takeWhile(bytes -> !bytes.utf8String().contains("version"), true)
                .runWith(
                    Sink.fold(ByteString.emptyByteString(), ByteString::concat), fixture.system));

    // Then
    assertThat(answer.utf8String()).startsWith("HTTP/1.1 200 ").contains("version 1");
    assertThat(proxy.targets()).containsExactly("inside.test:443");
  }

  @Test
  void whatIsExceptedIsAskedDirectly() throws Exception {
    // Given
    PekkoOrigins origins = origins(settings("user:pass word", ", except = \"127.0.0.0/8\""));

    // When
    String text =
        fixture.text(
            OriginFixture.await(origins.fetch(OriginFixture.get(server.authority(), "/policy"))));

    // Then
    assertThat(text).contains("version 1");
    assertThat(proxy.targets()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"denied.test", "169.254.169.254", "metadata.google.internal", "127.0.0.2"})
  void whatTheGateRefusesTheProxyIsNotAskedFor(String host) throws Exception {
    // When
    OriginFailure failure =
        OriginFixture.failure(
            origins(settings("user:pass word", ""))
                .fetch(OriginFixture.get(new Authority(host, 80), "/policy")));

    // Then
    assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.EGRESS_DENIED);
    assertThat(proxy.targets()).isEmpty();
  }

  @Test
  void wrongCredentialsAreToldAsWhatTheyAre() throws Exception {
    // When
    OriginFailure failure =
        OriginFixture.failure(
            origins(settings("user:wrong", ""))
                .fetch(OriginFixture.get(new Authority("inside.test", 80), "/policy")));

    // Then
    assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CONNECT);
    assertThat(failure.getMessage()).contains("407").doesNotContain("wrong");
  }

  @ParameterizedTest
  @CsvSource({"forbidden.test, EGRESS_DENIED", "broken.test, CONNECT", "closed.test, CONNECT"})
  void aProxyThatRefusesIsAFailure(String host, OriginFailure.Kind kind) throws Exception {
    // When
    OriginFailure failure =
        OriginFixture.failure(
            origins(settings("user:pass word", ""))
                .fetch(OriginFixture.get(new Authority(host, 80), "/policy")));

    // Then
    assertThat(failure.kind()).isEqualTo(kind);
    assertThat(server.seen()).isEmpty();
  }

  @Test
  void credentialsMayStandInAFile() throws Exception {
    // Given
    Path file = Files.writeString(folder.resolve("proxy.secret"), "user:pass word\n");
    PekkoOrigins origins = origins(settings("file:" + file, ""));

    // When // Then
    Authority name = new Authority("inside.test", 80);
    assertThat(fixture.text(OriginFixture.await(origins.fetch(OriginFixture.get(name, "/policy")))))
        .contains("version 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "url = \"https://proxy.example:1\"",
        "url = \"proxy.example\"",
        "url = \"http://u:secret@proxy.example:1\"",
        "url = \"http://proxy.example:1\", credentials = nocolon",
        "url = \"http://proxy.example:1\", credentials = \"file:/nonexistent\""
      })
  void whatCannotBeUsedIsRefusedInOneSentence(String block) {
    assertThatThrownBy(
            () ->
                ParentProxy.from(
                    ConfigFactory.parseString(block)
                        .withFallback(
                            ConfigFactory.parseString(
                                "url = \"\", credentials = \"\", except = \"\""))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("--egress-proxy")
        .hasMessageNotContaining("secret");
  }

  // ---- addresses known by heart -------------------------------------------------------------

  @Test
  void hostsMayHaveAddressesOfTheirOwn() throws Exception {
    // Given
    Resolver resolver =
        FixedAddresses.before(
            name -> CompletableFuture.completedFuture(List.of(InetAddress.ofLiteral("192.0.2.9"))),
            List.of("Taken.example=192.0.2.1", "taken.example=2001:db8::1"));

    // When // Then
    assertThat(OriginFixture.await(resolver.resolve("taken.example")))
        .containsExactly(InetAddress.ofLiteral("192.0.2.1"), InetAddress.ofLiteral("2001:db8::1"));
    assertThat(OriginFixture.await(resolver.resolve("other.example")))
        .containsExactly(InetAddress.ofLiteral("192.0.2.9"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.example", "=192.0.2.1", "a.example=b.example", "192.0.2.1=192.0.2.2"})
  void whatIsNoPairIsRefused(String pair) {
    assertThatThrownBy(() -> FixedAddresses.before(name -> null, List.of(pair)))
        .hasMessageContaining(pair);
  }
}
