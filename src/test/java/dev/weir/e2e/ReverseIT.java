package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weir in front of one origin, as its clients and its operator see it. */
class ReverseIT {
  @TempDir private static Path folder;
  private static OriginServer origin;

  /** Plain, before a plain origin; nobody is trusted. */
  private static WeirProcess plain;

  private static OriginServer secureOrigin;

  /** With a brought certificate, before an https origin; loopback is trusted, Host preserved. */
  private static WeirProcess secure;

  private static Curl secureCurl;

  @BeforeAll
  static void start() throws Exception {
    origin = OriginServer.start();
    plain =
        WeirProcess.start(
            folder.resolve("plain"),
            "256m",
            Patience.flag(folder),
            "--mode=reverse",
            "--origin=http://127.0.0.1:" + origin.port(),
            "--health-port=0");
    TestCa authority = new TestCa("Origins of tests");
    secureOrigin = OriginServer.start(authority.sockets("127.0.0.1"));
    certificate("front.test");
    secure =
        WeirProcess.start(
            folder.resolve("secure"),
            "256m",
            Patience.flag(folder),
            "--mode=reverse",
            "--origin=https://127.0.0.1:" + secureOrigin.port(),
            "--upstream-ca=" + authority.pem(folder),
            "--tls-cert=" + folder.resolve("front.test.pem"),
            "--tls-key=" + folder.resolve("front.test.key"),
            "--trusted-proxies=127.0.0.0/8",
            "--preserve-host",
            "--health-port=" + freePort());
    secureCurl = front("front.test", secure, folder.resolve("front.test.pem"));
  }

  @AfterAll
  static void stop() {
    plain.close();
    secure.close();
    origin.close();
    secureOrigin.close();
  }

  @BeforeEach
  void forget() {
    origin.reset();
    secureOrigin.reset();
  }

  // ---- one origin ---------------------------------------------------------------------------

  @Test
  void aMissIsAHitTheNextTimeWhateverHostTheClientNames() throws Exception {
    // When
    String miss = ask(plain, "GET /policy/first HTTP/1.1", "Host: shop.example");

    // Then
    assertThat(miss).startsWith("HTTP/1.1 200 ").contains("version 1 of /policy/first");
    Eventually.holds(
        () ->
            ask(plain, "GET /policy/first HTTP/1.1", "Host: other.example")
                .contains("Cache-Status: weir;hit"));
    assertThat(origin.seen("/policy/first")).hasSize(1);
    assertThat(origin.seen("/policy/first").getFirst().header("Host"))
        .isEqualTo("127.0.0.1:" + origin.port());
  }

  @Test
  void aPreservedHostReachesTheOriginAndHasCopiesOfItsOwn() throws Exception {
    // Given
    String host = "front.test:" + secure.port();

    // When
    ProxyClient.Response first = secureCurl.fetch("https://" + host + "/policy/kept");
    ProxyClient.Response other =
        secureCurl.fetch("https://" + host + "/policy/kept", "-H", "Host: other.example");

    // Then
    assertThat(first.status()).isEqualTo(200);
    assertThat(other.isHit()).isFalse();
    assertThat(secureOrigin.seen("/policy/kept"))
        .extracting(seen -> seen.header("Host"))
        .containsExactly(host, "other.example");
    Eventually.holds(() -> secureCurl.fetch("https://" + host + "/policy/kept").isHit());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a%2Bb+c%2f~%7E/../x", "/policy//./%41?q=%20+&&=;", "/?a", "/%zz", "//"})
  void rawTargetsReachTheOriginByteForByte(String target) throws Exception {
    // When
    ask(plain, "GET " + target + " HTTP/1.1", "Host: shop.example");

    // Then
    assertThat(origin.seen().getLast().target()).isEqualTo(target);
  }

  @Test
  void whatAClientChangesIsForgotten() throws Exception {
    // Given
    Eventually.holds(
        () ->
            ask(plain, "GET /policy/changed HTTP/1.1", "Host: a.example")
                .contains("Cache-Status: weir;hit"));

    // When
    ask(plain, "POST /policy/changed HTTP/1.1", "Host: b.example", "Content-Length: 0");

    // Then
    assertThat(ask(plain, "GET /policy/changed HTTP/1.1", "Host: c.example"))
        .contains("Cache-Status: weir;fwd=");
  }

  @Test
  void aRequestThatHasComeRoundIsRefused() throws Exception {
    assertThat(ask(plain, "GET / HTTP/1.1", "Host: shop.example", "Via: 1.1 weir"))
        .startsWith("HTTP/1.1 508 ");
    assertThat(origin.seen()).isEmpty();
  }

  @Test
  void theOriginMayNotBeAListenerOfThisNode() throws Exception {
    // Given
    int port = freePort();
    try (WeirProcess mirror =
        WeirProcess.start(
            folder.resolve("mirror"),
            "256m",
            "--mode=reverse",
            "--origin=http://localhost:" + port,
            "--health-port=" + port)) {
      // When // Then
      assertThat(ask(mirror, "GET /policy HTTP/1.1", "Host: shop.example"))
          .startsWith("HTTP/1.1 508 ");
    }
  }

  // ---- no proxy -----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({
    "CONNECT 127.0.0.1:443 HTTP/1.1, 501",
    "GET http://elsewhere.example/policy HTTP/1.1, 421",
    "GET https://127.0.0.1/policy HTTP/1.1, 421",
  })
  void nothingIsProxiedElsewhere(String requestLine, int status) throws Exception {
    // When
    String answer = ask(plain, requestLine, "Host: shop.example");

    // Then
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains("application/problem+json");
    assertThat(origin.seen()).isEmpty();
  }

  @Test
  void connectAfterAnotherRequestIsRefusedToo() throws Exception {
    // Given
    try (Socket socket = new Socket("127.0.0.1", plain.port())) {
      String both =
          "GET /policy/x HTTP/1.1\r\nHost: a\r\n\r\n"
              + "CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: elsewhere.example:443\r\n\r\n";

      // When
      socket.getOutputStream().write(both.getBytes(StandardCharsets.ISO_8859_1));
      String answers =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);

      // Then
      assertThat(answers).startsWith("HTTP/1.1 200 ").contains("HTTP/1.1 501 ");
      assertThat(answers).contains("front of one origin");
    }
  }

  @Test
  void absoluteFormThatMeansThisListenerOrItsOriginIsAnswered() throws Exception {
    for (int port : List.of(plain.port(), origin.port())) {
      String target = "http://127.0.0.1:" + port + "/policy/absolute";
      assertThat(ask(plain, "GET " + target + " HTTP/1.1", "Host: 127.0.0.1:" + port))
          .startsWith("HTTP/1.1 200 ");
    }
    assertThat(origin.seen()).allMatch(seen -> seen.target().equals("/policy/absolute"));
  }

  @Test
  void thePagesOfAForwardProxyAreNotShownToEverybody() throws Exception {
    // When
    String answer = ask(plain, "GET /ca.pem HTTP/1.1", "Host: weir.internal");

    // Then
    assertThat(answer).startsWith("HTTP/1.1 404 ").doesNotContain("CERTIFICATE");
    assertThat(origin.count("/ca.pem")).isEqualTo(1);
  }

  // ---- whom a request is from ---------------------------------------------------------------

  @Test
  void whatStrangersSayOfThemselvesIsReplaced() throws Exception {
    // When
    ask(
        plain,
        "GET /headers HTTP/1.1",
        "Host: shop.example",
        "X-Forwarded-For: 203.0.113.7",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.example",
        "X-Real-IP: 203.0.113.7",
        "Forwarded: for=203.0.113.7",
        "X-Original-URL: /admin",
        "Connection: X-Real-IP, X-Forwarded-For");

    // Then
    Seen seen = origin.seen("/headers").getFirst();
    assertThat(seen.header("X-Forwarded-For")).isEqualTo("127.0.0.1");
    assertThat(seen.header("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(seen.header("X-Real-IP")).isEqualTo("127.0.0.1");
    assertThat(seen.header("Forwarded")).isEqualTo("for=127.0.0.1;proto=http");
    assertThat(seen.header("X-Forwarded-Host")).isNull();
    assertThat(seen.header("X-Original-URL")).isNull();
  }

  @Test
  void whatTrustedProxiesSayIsKeptAndAddedTo() throws Exception {
    // When
    secureCurl.fetch(
        "https://front.test:" + secure.port() + "/headers",
        "-HX-Forwarded-For: 203.0.113.7, 198.51.100.9",
        "-HX-Forwarded-Proto: http",
        "-HX-Forwarded-Host: shop.example",
        "-HForwarded: for=198.51.100.9");

    // Then
    Seen seen = secureOrigin.seen("/headers").getFirst();
    assertThat(seen.header("X-Forwarded-For")).isEqualTo("203.0.113.7, 198.51.100.9, 127.0.0.1");
    assertThat(seen.header("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(seen.header("X-Forwarded-Host")).isEqualTo("shop.example");
    assertThat(seen.header("X-Real-IP")).isEqualTo("198.51.100.9");
    assertThat(seen.header("Forwarded")).isEqualTo("for=198.51.100.9, for=127.0.0.1;proto=https");
  }

  @Test
  void fieldsOfTheWayNameNoEntry() throws Exception {
    // Given
    String url = "https://front.test:" + secure.port() + "/policy/unkeyed";
    secureCurl.fetch(url, "-HX-Forwarded-For: 203.0.113.7", "-HX-Forwarded-Proto: https");

    // When // Then
    Eventually.holds(
        () ->
            secureCurl
                .fetch(url, "-HX-Forwarded-For: 203.0.113.8", "-HX-Forwarded-Proto: http")
                .isHit());
    assertThat(secureOrigin.count("/policy/unkeyed")).isEqualTo(1);
  }

  // ---- TLS ----------------------------------------------------------------------------------

  @Test
  void plainHttpOnATlsListenerIsToldSo() throws Exception {
    assertThat(ask(secure, "GET / HTTP/1.1", "Host: front.test"))
        .startsWith("HTTP/1.1 400 ")
        .contains("use https");
  }

  @Test
  void tlsOnAPlainListenerIsClosed() throws Exception {
    // When
    Command.Ended ended =
        front("front.test", plain, folder.resolve("front.test.pem"))
            .run("https://front.test:" + plain.port() + "/");

    // Then
    assertThat(ended.exitCode()).isEqualTo(35);
  }

  @Test
  void theCanaryAsksOverTls() throws Exception {
    // Given
    Eventually.holds(() -> secure.log().contains("max-forwards"));

    // When
    ProxyClient.Response live =
        new Curl("").fetch("http://127.0.0.1:" + secure.healthPort() + "/live");

    // Then
    assertThat(live.status()).isEqualTo(200);
    assertThat(secure.log()).doesNotContain("canary");
  }

  @Test
  void aLeafOfOurOwnCaIsShownForTheNameAskedFor() throws Exception {
    // Given
    Path data = folder.resolve("minted");
    try (WeirProcess minted =
        WeirProcess.start(
            data,
            "256m",
            "--mode=reverse",
            "--origin=http://127.0.0.1:" + origin.port(),
            "--tls-name=Cache.Test",
            "--health-port=0")) {
      Path ca = data.resolve("ca/ca.pem");

      // When
      ProxyClient.Response answer =
          front("cache.test", minted, ca)
              .fetch("https://cache.test:" + minted.port() + "/policy/minted");
      Command.Ended otherName =
          front("other.test", minted, ca).run("https://other.test:" + minted.port() + "/");

      // Then
      assertThat(answer.status()).isEqualTo(200);
      assertThat(otherName.exitCode()).as(otherName.err()).isEqualTo(60);
    }
  }

  @Test
  void anOriginNobodyVouchesForIsNotAsked() throws Exception {
    // Given
    try (WeirProcess wary =
        WeirProcess.start(
            folder.resolve("wary"),
            "256m",
            "--mode=reverse",
            "--origin=https://127.0.0.1:" + secureOrigin.port(),
            "--health-port=0")) {
      // When // Then
      assertThat(ask(wary, "GET /policy HTTP/1.1", "Host: shop.example"))
          .startsWith("HTTP/1.1 502 ");
      assertThat(secureOrigin.seen()).isEmpty();
    }
  }

  // ---- OPTIONS and TRACE --------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"OPTIONS, *, 204", "OPTIONS, /policy, 204", "TRACE, /policy, 405"})
  void whatMayGoNoFurtherIsAnsweredHere(String method, String target, int status) throws Exception {
    // When
    String answer =
        ask(
            plain,
            method + " " + target + " HTTP/1.1",
            "Host: shop.example",
            "Max-Forwards: 0",
            "Cookie: secret");

    // Then
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ").contains("Allow: GET, HEAD, ");
    assertThat(answer).contains("weir;detail=max-forwards").doesNotContain("secret");
    assertThat(origin.seen()).isEmpty();
  }

  @Test
  void whatMayGoFurtherIsCountedDown() throws Exception {
    // Given
    origin.on("*", seen -> Answer.text(200, "the server\n"));

    // When
    String answer = ask(plain, "OPTIONS * HTTP/1.1", "Host: shop.example", "Max-Forwards: 3");

    // Then
    assertThat(answer).startsWith("HTTP/1.1 200 ").contains("the server");
    Seen seen = origin.seen().getFirst();
    assertThat(seen.method()).isEqualTo("OPTIONS");
    assertThat(seen.target()).isEqualTo("*");
    assertThat(seen.header("Max-Forwards")).isEqualTo("2");
  }

  // ---- flags --------------------------------------------------------------------------------

  @Test
  void aBadFlagIsOneSentence() throws Exception {
    // When
    Command.Ended none = WeirProcess.run("serve", "--mode=reverse");
    Command.Ended noKey =
        WeirProcess.run(
            "serve",
            "--mode=reverse",
            "--origin=http://127.0.0.1:1",
            "--data-dir=" + folder.resolve("bad"),
            "--tls-cert=" + folder.resolve("front.test.pem"));

    // Then
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err())
        .isEqualTo(
            "weir: --mode reverse needs --origin, the server behind it, such as"
                + " https://origin.example\n");
    assertThat(noKey.exitCode()).isNotZero();
    assertThat(noKey.err())
        .endsWith("weir: --tls-cert holds no private key; give it with --tls-key\n");
  }

  // ---- helpers ------------------------------------------------------------------------------

  /** Sends raw bytes, so that nothing of the request is made nicer on its way. */
  private static String ask(WeirProcess weir, String requestLine, String... fields)
      throws IOException {
    try (Socket socket = new Socket("127.0.0.1", weir.port())) {
      String head = requestLine + "\r\n" + String.join("\r\n", fields) + "\r\n";
      socket
          .getOutputStream()
          .write((head + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** curl without a proxy, which finds that name at the listener and trusts that certificate. */
  private static Curl front(String name, WeirProcess weir, Path trusted) {
    return new Curl(
        "", "--cacert", trusted.toString(), "--resolve", name + ":" + weir.port() + ":127.0.0.1");
  }

  /** As operators make one: RSA, self-signed. */
  private static void certificate(String name) throws Exception {
    Command.Ended made =
        Command.of(
                List.of(
                    "openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "rsa:2048",
                    "-nodes",
                    "-keyout",
                    folder.resolve(name + ".key").toString(),
                    "-out",
                    folder.resolve(name + ".pem").toString(),
                    "-days",
                    "30",
                    "-subj",
                    "/CN=" + name,
                    "-addext",
                    "subjectAltName=DNS:" + name))
            .run();
    assertThat(made.exitCode()).as(made.err()).isZero();
  }

  private static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    }
  }
}
