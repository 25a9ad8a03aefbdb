package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A mirror beside a proxy, as clients that know no proxy see it. */
class MirrorIT {
  @TempDir private static Path folder;
  private static OriginServer origin;
  private static OriginServer secure;
  private static OriginServer internal;
  private static WeirProcess weir;
  private static Curl curl;
  private static Curl proxied;

  @BeforeAll
  static void start() throws Exception {
    origin = OriginServer.start();
    TestCa authority = new TestCa("Origins of tests");
    secure = OriginServer.start(authority.sockets("127.0.0.1", "localhost"));
    internal = OriginServer.start();
    Files.writeString(folder.resolve("index.secret"), "reader:top secret\n");
    Files.writeString(folder.resolve("key.secret"), "k-1234\n");
    Files.createDirectory(folder.resolve("rules"));
    Files.writeString(folder.resolve("rules/mirror.conf"), rules());
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            Patience.flag(folder),
            "--mirror-port=0",
            "--policy-file=" + folder.resolve("rules"),
            "--upstream-ca=" + authority.pem(folder),
            "--allow-destinations=127.0.0.1,localhost",
            "--mirror-allow-destinations=127.0.0.1:"
                + origin.port()
                + ",localhost:"
                + secure.port(),
            "--health-port=0");
    curl = new Curl("");
    proxied = new Curl(weir.proxyUrl());
  }

  private static String rules() {
    return """
    rules = [
      { name = plain, continue = on, match { host = 127.0.0.1 }, mirror-scheme = http }
      { name = lasting, match { path-prefix = [/policy/lasting, /vary] }, policy = Standard }
      { name = relayed, match { path-prefix = /relayed }, follow-redirects = off }
      { name = personal, match { path-prefix = /headers/personal }, mirror-fields = [Authorization] }
    ]
    mounts = [
      { name = plain, path = /plain/, to = "http://127.0.0.1:%1$d/base/" }
      { name = named, path = /named/, to = "http://127.0.0.1:%1$d/named/", links { json = "*.json" } }
      { name = locked, path = /locked/, to = "https://127.0.0.1:%2$d/locked/",
        credentials { basic = "file:%4$s/index.secret" }, policy = Standard }
      { name = twin, path = /twin/, to = "https://127.0.0.1:%2$d/locked/",
        credentials { header = X-Api-Key, value = "file:%4$s/key.secret" }, policy = Standard }
      { name = layers, path = /layers/, policy = Standard,
        to = ["http://127.0.0.1:%3$d/first/", "http://127.0.0.1:%1$d/second/"] }
      { name = stand-ins, path = /stand-ins/, policy = Standard, fallback-on = [unavailable],
        to = ["http://127.0.0.1:%3$d/first/", "http://127.0.0.1:%1$d/second/"] }
    ]
    """
        .formatted(origin.port(), secure.port(), internal.port(), folder);
  }

  @AfterAll
  static void stop() {
    weir.close();
    origin.close();
    secure.close();
    internal.close();
  }

  @BeforeEach
  void forget() {
    origin.reset();
    secure.reset();
    internal.reset();
  }

  private static String url(String path) {
    return "http://127.0.0.1:" + weir.mirrorPort() + path;
  }

  /** The mirror's URL of something at the plain origin. */
  private static String there(String target) {
    return url("/127.0.0.1:" + origin.port() + target);
  }

  private static ProxyClient.Response get(String url, String... more) throws Exception {
    return curl.fetch(url, more);
  }

  /** Asks until the answer is what is kept: served at once, or validated before. */
  private static ProxyClient.Response kept(String url, String... more) throws Exception {
    Eventually.holds(() -> isKept(get(url, more)));
    return get(url, more);
  }

  private static boolean isKept(ProxyClient.Response answer) {
    return answer.isHit() || answer.header("Cache-Status").contains("fwd-status=304");
  }

  // ---- the URL scheme -----------------------------------------------------------------------

  @Test
  void whatWasFetchedIsKeptAndValidatedEachTime() throws Exception {
    // When
    ProxyClient.Response first = get(there("/policy/kept?a=%2F&b"));
    kept(there("/policy/kept?a=%2F&b"));

    // Then
    assertThat(first.status()).isEqualTo(200);
    assertThat(first.text()).isEqualTo("version 1 of /policy/kept?a=%2F&b\n");
    assertThat(first.headers().first("X-Proxy-Policy")).isEqualTo("AlwaysValidate");
    assertThat(origin.seen("/policy/kept").getLast().isConditional()).isTrue();
    assertThat(origin.count("/policy/kept", Seen::isPlainGet)).isEqualTo(1);
  }

  @Test
  void aMirroredUrlAndTheProxiedOneShareOneEntry() throws Exception {
    // Given
    proxied.fetch(origin.url("/policy/lasting/shared"));
    Eventually.holds(() -> proxied.fetch(origin.url("/policy/lasting/shared")).isHit());

    // When
    ProxyClient.Response mirrored = get(there("/policy/lasting/shared"));

    // Then
    assertThat(mirrored.isHit()).isTrue();
    assertThat(origin.count("/policy/lasting/shared")).isEqualTo(1);
  }

  @Test
  void httpsIsAskedWhereNoRuleSaysOtherwise() throws Exception {
    // When
    ProxyClient.Response answer = get(url("/localhost:" + secure.port() + "/policy/secure"));

    // Then
    assertThat(answer.status()).isEqualTo(200);
    assertThat(secure.count("/policy/secure")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"/policy/a%2Fb%7e", "/policy//x//", "/policy/@s%2fn?q=a%20b+c&&", "/policy/a;b=c,d!"})
  void targetsGoOnByteForByte(String target) throws Exception {
    // When
    get(there(target));

    // Then
    assertThat(origin.seen().getLast().target()).isEqualTo(target);
  }

  @Test
  void rangesAreServedFromTheWhole() throws Exception {
    // Given
    kept(there("/range-data/100000"));

    // When
    ProxyClient.Response part = get(there("/range-data/100000"), "-r", "1000-1009");

    // Then
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).hasSize(10);
    assertThat(origin.seen()).noneMatch(Seen::isRange);
  }

  @Test
  void headIsAnswered() throws Exception {
    // Given
    kept(there("/policy/lasting/head"));

    // When
    ProxyClient.Response head = get(there("/policy/lasting/head"), "-I");

    // Then
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.headers().first("Content-Length")).isEqualTo("34");
    assertThat(head.body()).isEmpty();
  }

  @Test
  void whatIsTheClientsOwnStaysHere() throws Exception {
    // When
    String seen =
        get(
                there("/headers"),
                "-u",
                "me:mine",
                "-b",
                "session=1",
                "-HX-Custom: 1",
                "-HReferer: http://x.example/",
                "-HX-Forwarded-For: 1.2.3.4",
                "-HAccept: text/plain")
            .text();

    // Then
    assertThat(seen).contains("Accept: text/plain", "Via: 1.1 weir");
    assertThat(seen.toLowerCase(Locale.ROOT))
        .doesNotContain("authorization", "cookie", "x-custom", "referer", "x-forwarded");
  }

  @Test
  void aRuleMayLetFieldsPass() throws Exception {
    // Given
    origin.on("/headers/personal", seen -> Answer.text(200, seen.header("Authorization") + "\n"));

    // When // Then
    assertThat(get(there("/headers/personal"), "-HAuthorization: Bearer mine").text())
        .isEqualTo("Bearer mine\n");
  }

  @Test
  void cookiesOfOriginsAreForNobody() throws Exception {
    // Given
    origin.on(
        "/cookie",
        seen ->
            Answer.text(200, "x", "Set-Cookie", "a=b", "Strict-Transport-Security", "max-age=1"));

    // When
    ProxyClient.Response answer = get(there("/cookie"));

    // Then
    assertThat(answer.headers().has("Set-Cookie")).isFalse();
    assertThat(answer.headers().has("Strict-Transport-Security")).isFalse();
  }

  @Test
  void manyWhoAskAtOnceAreOneRequestToTheOrigin() throws Exception {
    // Given
    List<CompletableFuture<String>> answers = new ArrayList<>();

    // When
    for (int i = 0; i < 8; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return get(there("/delay/1500")).text();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              },
              command -> Thread.ofVirtual().start(command)));
    }

    // Then
    for (CompletableFuture<String> answer : answers) {
      assertThat(answer.get()).contains("version 1 of /delay/1500");
    }
    assertThat(origin.count("/delay/1500", Seen::isPlainGet)).isEqualTo(1);
  }

  @Test
  @SuppressWarnings("try") // its client goes before the test does
  void whoAskedFirstMayLeaveAndTheOthersAreServed() throws Exception {
    // Given
    String target = "/stream/200000?pieces=20&pause=100";
    try (Socket first = new Socket("127.0.0.1", weir.mirrorPort())) {
      String head =
          "GET /127.0.0.1:" + origin.port() + target + " HTTP/1.1\r\nHost: mirror.example\r\n\r\n";
      first.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      assertThat(first.getInputStream().read()).isEqualTo('H');

      // When
      CompletableFuture<ProxyClient.Response> second = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  second.complete(get(there(target)));
                } catch (Exception e) {
                  second.completeExceptionally(e);
                }
              });
      Eventually.holds(() -> origin.count("/stream/200000") >= 1);
      first.close();

      // Then
      assertThat(second.get().body()).hasSize(200_000);
    }
    assertThat(origin.count("/stream/200000")).isLessThanOrEqualTo(2);
  }

  @Test
  void lastModifiedIsAskedWithToo() throws Exception {
    // Given
    String modified = "Sun, 01 Nov 2026 00:00:00 GMT";
    origin.on(
        "/dated",
        seen ->
            modified.equals(seen.header("If-Modified-Since"))
                ? Answer.of(304, Headers.of("Last-Modified", modified), new byte[0])
                : Answer.text(200, "dated\n", "Last-Modified", modified));

    // When
    ProxyClient.Response answer = kept(there("/dated"));

    // Then
    assertThat(answer.text()).isEqualTo("dated\n");
    assertThat(origin.seen("/dated").getLast().header("If-Modified-Since")).isEqualTo(modified);
  }

  @Test
  void whatChangedIsFetchedAnew() throws Exception {
    // Given
    AtomicInteger version = new AtomicInteger(1);
    origin.on(
        "/changing",
        seen -> {
          String tag = "\"" + version.get() + "\"";
          return tag.equals(seen.header("If-None-Match"))
              ? Answer.of(304, Headers.of("ETag", tag), new byte[0])
              : Answer.text(200, "state " + version.get(), "ETag", tag);
        });
    kept(there("/changing"));

    // When
    version.set(2);

    // Then
    assertThat(get(there("/changing")).text()).isEqualTo("state 2");
  }

  @Test
  void variantsAreKeptByTheFieldsThatTheOriginNames() throws Exception {
    // Given
    String[] codings = {"gzip", "br"};
    for (String coding : codings) {
      kept(there("/vary/mirror"), "-HAccept-Encoding: " + coding);
    }

    // When // Then
    for (String coding : codings) {
      assertThat(get(there("/vary/mirror"), "-HAccept-Encoding: " + coding).text())
          .contains("for " + coding);
    }
  }

  @Test
  void whatSetsCookiesIsKeptWithoutThem() throws Exception {
    // Given
    origin.on("/sets", seen -> Answer.text(200, "public\n", "Set-Cookie", "id=1", "ETag", "\"s\""));

    // When
    get(there("/sets"));
    Eventually.holds(
        () -> {
          get(there("/sets"));
          return origin.seen("/sets").getLast().isConditional();
        });

    // Then
    assertThat(get(there("/sets")).headers().has("Set-Cookie")).isFalse();
  }

  // ---- what is refused ----------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"})
  void otherMethodsAreRefused(String method) throws Exception {
    // When
    ProxyClient.Response answer = get(there("/policy/x"), "-X", method);

    // Then
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.headers().first("Allow")).isEqualTo("GET, HEAD");
    assertThat(origin.seen()).isEmpty();
  }

  @Test
  void healthIsAnsweredWhateverTheMethod() throws Exception {
    assertThat(get(url("/health")).status()).isEqualTo(200);
    assertThat(get(url("/health"), "-X", "POST").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "/host, 400",
    "//x, 400",
    "/a@b.example/x, 400",
    "/b.example%2Fx/y, 400",
    "/b.example/../x, 400",
    "/b.example/%2e%2e/x, 400",
    "/b.example/a%00, 400",
    "/b.example:0/x, 400",
    "/0x7f.1/x, 400",
    "/2130706433/x, 400",
  })
  void badTargetsAreToldSo(String target, int status) throws Exception {
    // When
    ProxyClient.Response answer = get(url(target));

    // Then
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.text()).contains("\"detail\":");
  }

  @ParameterizedTest
  @CsvSource({
    "/127.0.0.1/x",
    "/127.0.0.1:22/x",
    "/localhost/x",
    "/10.0.0.1/x",
    "/192.168.1.1/x",
    "/100.64.0.1/x",
    "/169.254.169.254/latest/meta-data/",
    "/metadata.google.internal/x",
    "/[::1]/x",
    "/[::ffff:127.0.0.1]/x",
    "/[64:ff9b::7f00:1]/x",
    "/[fd00::1]/x",
    "/93.184.216.34:25/x",
  })
  void internalPlacesAreRefused(String target) throws Exception {
    assertThat(get(url(target), "-g").status()).isEqualTo(403);
  }

  @Test
  void listenersOfThisNodeAreRefused() throws Exception {
    for (int port : new int[] {weir.port(), weir.mirrorPort()}) {
      assertThat(get(url("/127.0.0.1:" + port + "/x")).status()).isEqualTo(508);
    }
  }

  @Test
  void whatTheProxyKeepsOfAnInternalHostIsNotShown() throws Exception {
    // Given
    Eventually.holds(() -> proxied.fetch(internal.url("/policy/lasting/secret")).isHit());

    // When
    ProxyClient.Response answer =
        get(url("/127.0.0.1:" + internal.port() + "/policy/lasting/secret"));

    // Then
    assertThat(answer.status()).isEqualTo(403);
  }

  @ParameterizedTest
  @CsvSource({
    "CONNECT 127.0.0.1:443 HTTP/1.1, 501",
    "GET http://elsewhere.example/policy HTTP/1.1, 421",
  })
  void itIsNoProxy(String requestLine, int status) throws Exception {
    assertThat(ask(requestLine)).startsWith("HTTP/1.1 " + status + " ").contains("mirror");
  }

  private static String ask(String requestLine) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", weir.mirrorPort())) {
      String head = requestLine + "\r\nHost: mirror.example\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  // ---- redirects ----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"301", "302", "303", "307", "308"})
  void redirectsAreFollowedAndFiledUnderTheFirstUrl(int status) throws Exception {
    // Given
    String from = "/redirect?status=" + status + "&to=/policy/target-" + status;

    // When
    ProxyClient.Response answer = get(there(from));
    kept(there(from));

    // Then
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.text()).contains("/policy/target-" + status);
    assertThat(answer.headers().has("Location")).isFalse();
  }

  @Test
  void aRedirectToAnInternalPlaceIsRefused() throws Exception {
    for (String to :
        new String[] {
          "http://169.254.169.254/latest/meta-data/",
          "http://127.0.0.1:" + internal.port() + "/policy/x",
          "http://localhost:" + internal.port() + "/policy/x",
          "http://[::ffff:127.0.0.1]:" + internal.port() + "/policy/x"
        }) {
      assertThat(get(there("/redirect?to=" + to), "-g").status()).as(to).isEqualTo(403);
    }
    assertThat(internal.seen()).isEmpty();
  }

  @Test
  void whatCannotBeFollowedIsAFailure() throws Exception {
    // Given
    origin.on("/circle", seen -> Answer.text(302, "", "Location", "/circle"));
    origin.on(
        "/long", seen -> Answer.text(302, "", "Location", "/long?n=" + seen.query("n", "") + "1"));
    secure.on("/down", seen -> Answer.text(302, "", "Location", origin.url("/policy/x")));

    // When // Then
    assertThat(get(there("/circle")).status()).isEqualTo(502);
    assertThat(get(there("/long?n=")).status()).isEqualTo(502);
    assertThat(origin.count("/long")).isEqualTo(11);
    assertThat(get(url("/localhost:" + secure.port() + "/down")).status()).isEqualTo(502);
    assertThat(origin.count("/policy/x")).isZero();
  }

  @Test
  void aRuleMayHaveRedirectsRelayed() throws Exception {
    // Given
    String[] locations = {"b?c", "/d", "https://elsewhere.example/e"};
    for (String location : locations) {
      origin.on("/relayed/a", seen -> Answer.text(302, "", "Location", location));

      // When
      ProxyClient.Response answer = get(there("/relayed/a"));

      // Then
      String here = "/127.0.0.1:" + origin.port();
      assertThat(answer.status()).isEqualTo(302);
      assertThat(answer.headers().first("Location"))
          .isIn(here + "/relayed/b?c", here + "/d", "https://elsewhere.example/e");
    }
  }

  // ---- failures -----------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"500, true", "503, true", "404, false", "429, false", "403, false", "401, false"})
  void whatIsKeptStandsInByTheClassOfTheFailure(int status, boolean served) throws Exception {
    // Given
    String target = "/policy/class-" + status;
    kept(there(target));

    // When
    origin.overrideStatus(target, status);
    ProxyClient.Response answer = get(there(target));

    // Then
    assertThat(answer.status()).isEqualTo(served ? 200 : status);
    assertThat(answer.isHit()).isEqualTo(served);
  }

  @Test
  void anErrorOfAnythingNewIsRelayed() throws Exception {
    assertThat(get(there("/status/503")).status()).isEqualTo(503);
    assertThat(get(there("/status/404")).status()).isEqualTo(404);
    assertThat(get(there("/drop")).status()).isEqualTo(502);
  }

  @Test
  void whatIsKeptStandsInForAnOriginThatIsGone() throws Exception {
    // Given
    try (OriginServer passing = OriginServer.start()) {
      String there = url("/gone/policy/x");
      Files.writeString(
          folder.resolve("rules/gone.conf"),
          "mounts = [ { name = gone, path = /gone/, to = \"%s\" } ]".formatted(passing.url("/")));
      Eventually.holds(() -> isKept(get(there)));

      // When
      passing.refuse();

      // Then
      assertThat(get(there).text()).contains("version 1 of /policy/x");
      assertThat(get(there).header("Cache-Status")).contains("stale-if-error");
      assertThat(get(url("/gone/policy/new")).status()).isEqualTo(502);
    } finally {
      Files.delete(folder.resolve("rules/gone.conf"));
    }
  }

  // ---- mounts -------------------------------------------------------------------------------

  @Test
  void aMountStandsForAPlaceAtItsOrigin() throws Exception {
    // Given
    origin.on("/base/a/b%2Fc", seen -> Answer.text(200, "below\n"));

    // When // Then
    assertThat(get(url("/plain/a/b%2Fc?x=1")).text()).isEqualTo("below\n");
    assertThat(origin.seen().getLast().target()).isEqualTo("/base/a/b%2Fc?x=1");
    assertThat(get(url("/plain")).headers().first("Location")).isEqualTo("/plain/");
  }

  @Test
  void linksOfDocumentsThatAMountNamesLeadInside() throws Exception {
    // Given
    String link = "{\"download\":\"" + origin.url("/base/tool.zip") + "\"}";
    for (String document : new String[] {"/named/catalog.json", "/named/other"}) {
      origin.on(document, seen -> Answer.text(200, link, "Content-Type", "application/json"));
    }

    // When // Then
    assertThat(get(url("/named/catalog.json")).text())
        .isEqualTo("{\"download\":\"" + url("/plain/tool.zip") + "\"}");
    assertThat(get(url("/named/other")).text()).isEqualTo(link);
  }

  @Test
  void aMountHasCredentialsThatItsClientsDoNotKnow() throws Exception {
    // Given
    String expected =
        "Basic "
            + Base64.getEncoder()
                .encodeToString("reader:top secret".getBytes(StandardCharsets.UTF_8));
    secure.on(
        "/locked/file",
        seen ->
            expected.equals(seen.header("Authorization"))
                ? Answer.text(200, "inside\n", "Cache-Control", "max-age=60")
                : Answer.text(401, "", "WWW-Authenticate", "Basic"));

    // When
    ProxyClient.Response answer = get(url("/locked/file"));

    // Then
    assertThat(answer.text()).isEqualTo("inside\n");
    kept(url("/locked/file"));
    assertThat(get(url("/twin/file")).status()).as("another mount").isEqualTo(401);
    assertThat(get(url("/localhost:" + secure.port() + "/locked/file")).status()).isEqualTo(401);
    assertThat(answer.headers().toString() + weir.log())
        .doesNotContain("top secret", expected.substring(6), "k-1234");
  }

  @Test
  void credentialsGoToNoOtherHost() throws Exception {
    // Given
    secure.on(
        "/locked/away",
        seen ->
            Answer.text(302, "", "Location", "https://localhost:" + secure.port() + "/headers"));

    // When
    String basic = get(url("/locked/away")).text();
    String key = get(url("/twin/away")).text();

    // Then
    assertThat(secure.seen("/locked/away").getFirst().header("Authorization")).isNotNull();
    assertThat(secure.seen("/locked/away").getLast().header("X-Api-Key")).isEqualTo("k-1234");
    assertThat(basic).contains("Host: localhost").doesNotContain("Authorization");
    assertThat(key).contains("Host: localhost").doesNotContain("X-Api-Key");
  }

  @Test
  void theNextOriginIsAskedForWhatOneDoesNotHave() throws Exception {
    // Given
    internal.on("/first/both", seen -> Answer.text(200, "ours\n"));
    origin.on("/second/both", seen -> Answer.text(200, "theirs\n"));
    origin.on("/second/theirs", seen -> Answer.text(200, "theirs\n"));

    // When // Then
    assertThat(get(url("/layers/both")).text()).isEqualTo("ours\n");
    assertThat(get(url("/layers/theirs")).text()).isEqualTo("theirs\n");
    assertThat(get(url("/layers/neither")).status()).isEqualTo(404);
  }

  @Test
  void anOriginThatIsDownIsNotReplacedByTheNext() throws Exception {
    // Given
    internal.overrideStatus("/first/down", 500);
    origin.on("/second/down", seen -> Answer.text(200, "theirs\n"));

    // When // Then
    assertThat(get(url("/layers/down")).status()).isEqualTo(503);
    assertThat(origin.count("/second/down")).isZero();
    assertThat(get(url("/stand-ins/down")).text()).isEqualTo("theirs\n");
    assertThat(get(url("/stand-ins/missing")).status()).isEqualTo(404);
  }
}
