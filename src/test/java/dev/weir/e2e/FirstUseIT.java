package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.TestCa;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What somebody sees who points curl at Weir for the first time, plain and through a tunnel. */
class FirstUseIT {
  private static final int UPLOAD_BYTES = 20 << 20;

  @TempDir private static Path folder;
  private static OriginServer plain;
  private static OriginServer secure;
  private static OriginServer stranger;
  private static WeirProcess weir;
  private static Path originCa;
  private static Curl curl;

  @BeforeAll
  static void start() throws Exception {
    TestCa authority = new TestCa("Origins of tests");
    originCa = authority.pem(folder);
    plain = OriginServer.start();
    secure =
        OriginServer.start(authority.sockets("127.0.0.1", "origin.localhost", "pinned.localhost"));
    stranger = OriginServer.start(new TestCa("Nobody knows it").sockets("127.0.0.1"));
    Path config =
        Files.writeString(
            folder.resolve("weir.conf"),
            Patience.SETTINGS
                + "weir.edge.connect-ports = [443, %d, %d]\n"
                    .formatted(secure.port(), stranger.port()));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--config=" + config,
            "--upstream-ca=" + originCa,
            "--allow-destinations=127.0.0.0/8",
            "--deny-destinations=denied.localhost,127.9.0.0/16",
            "--pass-through-hosts=pinned.localhost",
            "--allow-policy-header",
            "--health-port=0");
    Path ca = folder.resolve("weir-ca.pem");
    Files.write(ca, new Curl(weir.proxyUrl()).fetch("http://weir.internal/ca.pem").body());
    curl = new Curl(weir.proxyUrl(), "--cacert", ca.toString());
  }

  @AfterAll
  static void stop() {
    weir.close();
    plain.close();
    secure.close();
    stranger.close();
  }

  @BeforeEach
  void forget() {
    plain.reset();
    secure.reset();
  }

  private static OriginServer origin(String scheme) {
    return scheme.equals("https") ? secure : plain;
  }

  private static String url(String scheme, String target) {
    return scheme + "://127.0.0.1:" + origin(scheme).port() + target;
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void aMissIsAHitTheNextTime(String scheme) throws Exception {
    // Given
    String url = url(scheme, "/policy/first");

    // When
    ProxyClient.Response miss = curl.fetch(url);
    ProxyClient.Response hit = until(url, ProxyClient.Response::isHit);

    // Then
    assertThat(miss.status()).isEqualTo(200);
    assertThat(miss.header("Cache-Status")).startsWith("weir;fwd=").contains("stored");
    assertThat(hit.text()).isEqualTo(miss.text()).isEqualTo("version 1 of /policy/first\n");
    assertThat(hit.header("Cache-Status")).startsWith("weir;hit").contains("ttl=");
    assertThat(Integer.parseInt(hit.header("Age"))).isNotNegative();
    assertThat(hit.header("Via")).isEqualTo("1.1 weir");
    assertThat(hit.header("X-Request-ID")).isNotEmpty().isNotEqualTo(miss.header("X-Request-ID"));
    assertThat(hit.header("X-Proxy-Policy")).isEqualTo("Standard");
    assertThat(hit.header("Content-Length")).isEqualTo(Integer.toString(hit.body().length));
    assertThat(origin(scheme).count("/policy/first")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void targetsReachTheOriginByteForByte(String scheme) throws Exception {
    for (String target :
        List.of("/a%2Bb+c%2f~%7E/../x", "/policy//./%41?q=%20+&&=;", "/?a", "/%zz")) {
      // When
      curl.fetch(url(scheme, target));

      // Then
      assertThat(origin(scheme).seen().getLast().target()).isEqualTo(target);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void methodsNobodyKnowsPassThrough(String scheme) throws Exception {
    // Given
    origin(scheme).on("/things", seen -> Answer.text(207, seen.method() + " done"));

    for (String method : List.of("PROPFIND", "BREW", "PUT", "DELETE", "OPTIONS")) {
      // When
      ProxyClient.Response response = curl.fetch(url(scheme, "/things"), "-X", method);

      // Then
      assertThat(response.status()).isEqualTo(207);
      assertThat(response.text()).isEqualTo(method + " done");
      assertThat(response.header("Cache-Status")).contains("fwd=");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void aLargeUploadStreams(String scheme) throws Exception {
    // Given
    Path file = folder.resolve("upload-" + scheme);
    try (RandomAccessFile upload = new RandomAccessFile(file.toFile(), "rw")) {
      upload.setLength(UPLOAD_BYTES);
    }
    origin(scheme).on("/upload", seen -> Answer.text(201, "got " + seen.bodyBytes()));
    String url = url(scheme, "/upload");

    // When
    ProxyClient.Response whole = curl.fetch(url, "-T", file.toString(), "-X", "POST");
    ProxyClient.Response chunked =
        curl.fetch(url, "-T", file.toString(), "-X", "POST", "-H", "Transfer-Encoding: chunked");
    ProxyClient.Response expecting =
        curl.fetch(url, "--data-binary", "@" + file, "-H", "Expect: 100-continue");

    // Then
    assertThat(List.of(whole, chunked, expecting))
        .allSatisfy(response -> assertThat(response.status()).isEqualTo(201))
        .extracting(ProxyClient.Response::text)
        .containsOnly("got " + UPLOAD_BYTES);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http", "https"})
  void headAndRangesComeFromTheStoredWhole(String scheme) throws Exception {
    // Given
    String url = url(scheme, "/range-data/100000");
    byte[] whole = curl.fetch(url).body();
    String tag = until(url, ProxyClient.Response::isHit).header("ETag");

    // When
    ProxyClient.Response head = curl.fetch(url, "-I");
    ProxyClient.Response part = curl.fetch(url, "-r", "1000-1999");
    ProxyClient.Response last = curl.fetch(url, "-r", "-10");
    ProxyClient.Response beyond = curl.fetch(url, "-r", "100000-");
    ProxyClient.Response sameTag = curl.fetch(url, "-r", "0-9", "-H", "If-Range: " + tag);
    ProxyClient.Response otherTag = curl.fetch(url, "-r", "0-9", "-H", "If-Range: \"other\"");
    ProxyClient.Response notModified = curl.fetch(url, "-H", "If-None-Match: " + tag);

    // Then
    assertThat(head.header("Content-Length")).isEqualTo("100000");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.header("Content-Range")).isEqualTo("bytes 1000-1999/100000");
    assertThat(part.body()).isEqualTo(Arrays.copyOfRange(whole, 1000, 2000));
    assertThat(last.body()).isEqualTo(Arrays.copyOfRange(whole, 99_990, 100_000));
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.header("Content-Range")).isEqualTo("bytes */100000");
    assertThat(sameTag.status()).isEqualTo(206);
    assertThat(otherTag.status()).isEqualTo(200);
    assertThat(otherTag.body()).isEqualTo(whole);
    assertThat(notModified.status()).isEqualTo(304);
    assertThat(notModified.header("ETag")).isEqualTo(tag);
    assertThat(origin(scheme).count("/range-data/100000")).isEqualTo(1);
  }

  @Test
  void clientsMayChooseThePolicyWhereTheOperatorAllowsIt() throws Exception {
    // Given
    String url = url("http", "/cache-control/max-age=0");
    curl.fetch(url, "-H", "X-Weir-Policy: NoRefresh");

    // When
    ProxyClient.Response kept =
        until(url, ProxyClient.Response::isHit, "-H", "X-Weir-Policy: NoRefresh");
    ProxyClient.Response compatible = curl.fetch(url, "-H", "X-Passsage-Policy: NoRefresh");
    ProxyClient.Response passed = curl.fetch(url, "-H", "X-Weir-Policy: NoCache");

    // Then
    assertThat(kept.header("X-Proxy-Policy")).isEqualTo("NoRefresh");
    assertThat(kept.header("Cache-Status")).contains("detail=no-refresh");
    assertThat(compatible.isHit()).isTrue();
    assertThat(passed.header("X-Proxy-Policy")).isEqualTo("NoCache");
    assertThat(passed.header("Cache-Status")).contains("fwd=bypass");
    assertThat(plain.seen()).noneMatch(seen -> seen.header("X-Weir-Policy") != null);
  }

  @Test
  void onlyIfCachedIsNeverForwarded() throws Exception {
    // When
    ProxyClient.Response response =
        curl.fetch(url("http", "/policy/unknown"), "-H", "Cache-Control: only-if-cached");

    // Then
    assertThat(response.status()).isEqualTo(504);
    assertThat(response.header("Cache-Status")).isEqualTo("weir;detail=only-if-cached");
    assertThat(plain.seen()).isEmpty();
  }

  @Test
  void anUpgradeBecomesBytesBothWays() throws Exception {
    // Given
    try (Socket socket = new Socket("127.0.0.1", weir.port())) {
      socket.setSoTimeout(30_000);
      String request =
          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"
              .formatted(plain.url("/upgrade"), plain.port());

      // When
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      String head = head(socket.getInputStream());
      byte[] sent = {0, 1, 2, (byte) 0xff, '\r', '\n'};
      socket.getOutputStream().write(sent);

      // Then
      assertThat(head).startsWith("HTTP/1.1 101").containsIgnoringCase("Upgrade: echo");
      assertThat(socket.getInputStream().readNBytes(sent.length)).isEqualTo(sent);
    }
  }

  @Test
  void hostsThatArePassedThroughShowTheirOwnCertificate() throws Exception {
    // Given
    String url = "https://pinned.localhost:" + secure.port() + "/policy/pinned";
    Curl strict = new Curl(weir.proxyUrl(), "--cacert", originCa.toString());

    // When
    ProxyClient.Response response = strict.fetch(url);
    Command.Ended distrusted = curl.run(url);

    // Then
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Via")).isEmpty();
    assertThat(distrusted.exitCode()).as("not our leaf").isEqualTo(60);
  }

  @Test
  void aTunnelServesOnlyTheAuthorityItWasOpenedFor() throws Exception {
    // When
    ProxyClient.Response otherHost =
        curl.fetch(url("https", "/policy/x"), "-H", "Host: origin.localhost:" + secure.port());
    ProxyClient.Response otherName =
        curl.fetch(
            "https://origin.localhost:" + secure.port() + "/policy/x",
            "-k",
            "--connect-to",
            "::127.0.0.1:" + secure.port());

    // Then
    assertThat(otherHost.status()).isEqualTo(421);
    assertThat(otherName.status()).isEqualTo(421);
    assertThat(secure.seen()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://denied.localhost/", "http://127.9.1.1/"})
  void deniedDestinationsNameTheRule(String url) throws Exception {
    // When
    ProxyClient.Response response = curl.fetch(url);

    // Then
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.text()).contains("--deny-destinations has ");
    assertThat(response.header("Content-Type")).isEqualTo("application/problem+json");
  }

  @Test
  void metadataServicesAreRefusedWithTheHintThatHelps() throws Exception {
    // When
    ProxyClient.Response response = curl.fetch("http://169.254.169.254/latest/meta-data/");

    // Then
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.text()).contains("built-in rule").contains("NO_PROXY");
  }

  @Test
  void deniedHostsThatWouldBePassedThroughAreRefusedToo() throws Exception {
    // When
    Command.Ended ended = curl.run("https://169.254.169.254/");

    // Then
    assertThat(ended.exitCode()).as("a page of ours over TLS, never the destination").isZero();
    assertThat(ended.out()).startsWith("HTTP/1.1 403");
  }

  @Test
  void connectGoesToTheListedPortsOnly() throws Exception {
    // When
    Command.Ended ended = curl.run("https://127.0.0.1:25/");

    // Then
    assertThat(ended.exitCode()).isEqualTo(56);
    assertThat(ended.err()).contains("403");
  }

  @Test
  void requestsThatComeBackAreRefused() throws Exception {
    // When
    ProxyClient.Response own = curl.fetch(weir.proxyUrl() + "/x");
    ProxyClient.Response seenBefore =
        curl.fetch(url("http", "/policy/loop"), "-H", "Via: 1.1 other, 1.1 weir");

    // Then
    assertThat(own.status()).isEqualTo(508);
    assertThat(seenBefore.status()).isEqualTo(508);
    assertThat(plain.seen()).isEmpty();
  }

  @Test
  void originsThatCannotBeTrustedAreNamedWithTheReason() throws Exception {
    // When
    ProxyClient.Response unknown = curl.fetch("https://127.0.0.1:" + stranger.port() + "/");
    ProxyClient.Response misnamed =
        curl.fetch("https://elsewhere.localhost:" + secure.port() + "/");

    // Then
    assertThat(unknown.status()).isEqualTo(502);
    assertThat(unknown.text()).contains("not trusted").contains("--upstream-ca");
    assertThat(unknown.header("Cache-Status")).contains("detail=tls");
    assertThat(misnamed.status()).isEqualTo(502);
    assertThat(misnamed.text()).contains("not for this host but for").contains("origin.localhost");
    assertThat(stranger.seen()).isEmpty();
  }

  private static ProxyClient.Response until(
      String url, Predicate<ProxyClient.Response> good, String... options) throws Exception {
    for (int tries = 0; tries < 100; tries++) {
      ProxyClient.Response response = curl.fetch(url, options);
      if (good.test(response)) {
        return response;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("never as expected: " + url);
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int octet = in.read();
      if (octet < 0) {
        return "ended within the head: " + head;
      }
      head.append((char) octet);
    }
    return head.toString();
  }
}
