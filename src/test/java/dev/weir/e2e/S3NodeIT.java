package dev.weir.e2e;

import static dev.weir.e2e.StoresRig.metric;
import static dev.weir.e2e.StoresRig.page;
import static dev.weir.e2e.StoresRig.pending;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.store.s3.S3StoreRig;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.FaultyProxy;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose bodies live in S3: real processes, and a bad line between them. */
@Tag("stores")
class S3NodeIT {
  private static final int BODY_BYTES = 20 << 20;

  @TempDir private Path folder;
  private final byte[] body = new byte[BODY_BYTES];
  private StoresRig rig;
  private FaultyProxy line;
  private OriginServer origin;

  @BeforeEach
  void start() throws Exception {
    new Random(5).nextBytes(body);
    rig = StoresRig.start(folder);
    line = rig.line;
    origin = rig.origin;
    origin.on(
        "/big",
        seen ->
            Answer.of(200, Headers.of("Cache-Control", "max-age=3600", "ETag", "\"one\""), body));
    origin.on("/small", seen -> Answer.text(200, "small", "Cache-Control", "max-age=3600"));
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  @Test
  void whatWasFetchedOnceIsServedFromS3WhenTheDiskIsGone() throws Exception {
    // Given
    try (WeirProcess weir = rig.weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
      client.untilHit(origin.url("/big"));
      client.get(origin.url("/small"));
      Eventually.holds(() -> pending(weir) == 0);
      assertThat(rig.s3.objects("weir")).hasSizeGreaterThanOrEqualTo(3);

      // When
      rig.wipeDiskTier();
      // Then
      ProxyClient.Response cold = client.get(origin.url("/big"));
      assertThat(cold.isHit()).isTrue();
      assertThat(cold.body()).isEqualTo(body);
      weir.terminate();
    }
    // When
    rig.wipeDiskTier();
    try (WeirProcess weir = rig.weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      ProxyClient.Response range = client.get(origin.url("/big"), "Range", "bytes=9000000-9000099");
      // Then
      assertThat(range.status()).isEqualTo(206);
      assertThat(range.body()).isEqualTo(Arrays.copyOfRange(body, 9000000, 9000100));
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
      assertThat(origin.count("/big")).isEqualTo(1);
    }
  }

  @Test
  void anOutageOfS3IsNotNoticedByClientsAndDrains() throws Exception {
    // Given
    line.set(FaultyProxy.Fault.REFUSED);
    try (WeirProcess weir = rig.weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      // When
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
      client.untilHit(origin.url("/big"));
      // Then
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
      assertThat(origin.count("/big")).isEqualTo(1);
      assertThat(pending(weir)).isEqualTo(1);
      Eventually.holds(() -> page(weir, "/health").contains("s3"));

      // When it is killed, and S3 is still away when it is back
      weir.kill();
    }
    try (WeirProcess weir = rig.weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      // Then
      Eventually.holds(() -> client.get(origin.url("/big")).isHit());
      assertThat(origin.count("/big")).isLessThanOrEqualTo(2);

      // When
      line.set(FaultyProxy.Fault.NONE);
      // Then
      Eventually.holds(() -> pending(weir) == 0);
      rig.wipeDiskTier();
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
    }
  }

  @Test
  void beyondTheLimitOfWhatIsPendingAnswersGoOutUncachedAndSaySo() throws Exception {
    // Given
    line.set(FaultyProxy.Fault.REFUSED);
    String config = Patience.flag(folder, "weir.store.tier.pending-bytes = 1M");
    try (WeirProcess weir = rig.weir(config)) {
      ProxyClient client = new ProxyClient(weir.address());
      client.get(origin.url("/big"));
      client.untilHit(origin.url("/big"));
      origin.on("/other", seen -> Answer.text(200, "other", "Cache-Control", "max-age=3600"));
      // When
      ProxyClient.Response other = client.get(origin.url("/other"));
      // Then
      assertThat(other.text()).isEqualTo("other");
      assertThat(other.header("Cache-Status")).contains("pending-full");
      assertThat(client.get(origin.url("/big")).body()).isEqualTo(body);
    }
  }

  @Test
  void nothingWrongIsServedWhateverTheLineDoes() throws Exception {
    // Given
    try (WeirProcess weir = rig.weir()) {
      ProxyClient client = new ProxyClient(weir.address());
      client.get(origin.url("/big"));
      Eventually.holds(() -> pending(weir) == 0 && !rig.s3.objects("weir").isEmpty());
      for (FaultyProxy.Fault fault :
          new FaultyProxy.Fault[] {
            FaultyProxy.Fault.WRONG_BYTES,
            FaultyProxy.Fault.RESET_MID_BODY,
            FaultyProxy.Fault.ERROR_500,
            FaultyProxy.Fault.SLOW_DOWN,
            FaultyProxy.Fault.REFUSED
          }) {
        // When
        rig.wipeDiskTier();
        line.set(fault);
        ProxyClient.Response sick = client.tryGet(origin.url("/big"));
        // Then
        if (sick != null) {
          assertThat(sick.body()).as(fault.name()).isEqualTo(body);
        }
        line.set(FaultyProxy.Fault.NONE);
        Eventually.holds(
            () -> {
              ProxyClient.Response next = client.tryGet(origin.url("/big"));
              return next != null && Arrays.equals(next.body(), body);
            });
        Eventually.holds(() -> pending(weir) == 0);
      }
    }
  }

  @Test
  void aRequestForOurOwnObjectStoreIsPassedUncachedAndNothingElseOnItsAddress() throws Exception {
    // Given
    try (WeirProcess weir = rig.weir(folder.resolve("node"))) {
      ProxyClient client = new ProxyClient(weir.address());
      // When
      ProxyClient.Response own = client.get(line.url() + "/weir?list-type=2");
      ProxyClient.Response again = client.get(line.url() + "/weir?list-type=2");
      ProxyClient.Response byName =
          client.get(line.url().replace("127.0.0.1", "localhost") + "/weir?list-type=2");
      ProxyClient.Response onAnotherPort = client.get(rig.s3.endpoint() + "/weir?list-type=2");
      ProxyClient.Response put =
          client.send("PUT", line.url() + "/weir/mine", "a".getBytes(StandardCharsets.US_ASCII));
      // Then it went there without a signature of ours
      assertThat(own.status()).isEqualTo(200);
      assertThat(put.status()).isEqualTo(403);
      assertThat(put.header("X-Weir-Warning")).contains("NO_PROXY");
      assertThat(own.header("X-Weir-Warning")).contains("127.0.0.1", "NO_PROXY");
      assertThat(again.header("Cache-Status")).contains("fwd=bypass", "own-object-store");
      assertThat(byName.header("Cache-Status")).doesNotContain("own-object-store");
      assertThat(byName.text()).contains("refused");
      assertThat(onAnotherPort.text()).contains("refused");
    }
  }

  @Test
  void largeHitsAreFetchedFromTheBucketByClientsThatAreSentThere() throws Exception {
    // Given
    origin.on(
        "/big",
        seen ->
            Answer.of(
                200,
                Headers.of("Cache-Control", "max-age=3600", "Content-Type", "text/x-big"),
                body));
    try (WeirProcess weir = rig.weir("--object-redirect")) {
      ProxyClient client = new ProxyClient(weir.address());
      String url = origin.url("/big");
      assertThat(client.get(url).body()).isEqualTo(body);
      // When the object is made after a first hit, which is streamed
      assertThat(client.untilHit(url).body()).isEqualTo(body);
      Eventually.holds(() -> client.get(url).status() == 303);
      ProxyClient.Response get = client.get(url);
      ProxyClient.Response head = client.send("HEAD", url, null);
      // Then
      assertThat(get.body()).isEmpty();
      assertThat(get.header("Cache-Control")).isEqualTo("no-store");
      assertThat(get.header("Cache-Status")).contains("hit", "detail=redirect");
      HttpResponse<byte[]> whole = fetch("GET", get.header("Location"));
      assertThat(whole.statusCode()).isEqualTo(200);
      assertThat(whole.body()).isEqualTo(body);
      assertThat(whole.headers().firstValue("Content-Type")).hasValue("text/x-big");
      assertThat(whole.headers().firstValue("Cache-Control")).hasValue("max-age=3600");
      assertThat(head.status()).isEqualTo(303);
      HttpResponse<byte[]> asked = fetch("HEAD", head.header("Location"));
      assertThat(asked.statusCode()).isEqualTo(200);
      assertThat(asked.headers().firstValueAsLong("Content-Length")).hasValue(BODY_BYTES);
      // Through the proxy it is fetched uncached
      ProxyClient.Response through = client.get(get.header("Location"));
      assertThat(through.body()).isEqualTo(body);
      assertThat(through.header("Cache-Status")).contains("own-object-store");
      // And a URL that was tampered with is refused
      assertThat(fetch("GET", get.header("Location") + "0").statusCode()).isEqualTo(403);

      // When
      ProxyClient.Response pip = client.get(url, "User-Agent", "pip/24.0");
      ProxyClient.Response range = client.get(url, "Range", "bytes=0-9");
      // Then
      assertThat(pip.body()).isEqualTo(body);
      assertThat(range.status()).isEqualTo(206);
      assertThat(origin.count("/big")).isEqualTo(1);
    }
  }

  @Test
  void aMirrorSendsItsClientsToTheBucketOnceTheOriginHasSaidThatItHolds() throws Exception {
    // Given
    Path rules =
        Files.writeString(
            folder.resolve("mirror.conf"),
            "rules = [{ name = m, continue = on, match { host = 127.0.0.1 }, mirror-scheme = http"
                + " }]");
    try (WeirProcess weir =
        rig.weir(
            "--object-redirect",
            "--mirror-port=0",
            "--policy-file=" + rules,
            "--mirror-allow-destinations=127.0.0.1:" + origin.port())) {
      String url =
          "http://127.0.0.1:"
              + weir.mirrorPort()
              + "/127.0.0.1:"
              + origin.port()
              + "/range-data/2000000";

      // When
      Eventually.holds(() -> fetch("GET", url).statusCode() == 303);
      HttpResponse<byte[]> get = fetch("GET", url);

      // Then
      String there = get.headers().firstValue("Location").orElseThrow();
      assertThat(fetch("GET", there).body()).hasSize(2_000_000);
      assertThat(fetch("HEAD", url).statusCode()).isIn(200, 303);
      assertThat(origin.seen("/range-data/2000000").getLast().isPlainGet()).isFalse();
    }
  }

  @Test
  void readsThatBeginLateAreReadAheadOfAndRight() throws Exception {
    // Given
    String config = Patience.flag(folder, "weir.fill.chunk-bytes = 1M");
    try (WeirProcess weir = rig.weir(config)) {
      ProxyClient client = new ProxyClient(weir.address());
      client.get(origin.url("/big"));
      client.untilHit(origin.url("/big"));
      Eventually.holds(() -> pending(weir) == 0);
      weir.terminate();
    }
    rig.wipeDiskTier();
    try (WeirProcess weir = rig.weir(config)) {
      ProxyClient client = new ProxyClient(weir.address());
      long before = metric(weir, "weir_s3_chunks_fetched");
      // When
      line.set(FaultyProxy.Fault.LATE);
      ProxyClient.Response hit = client.get(origin.url("/big"));
      ProxyClient.Response fresh = client.get(origin.url("/small"));
      // Then
      assertThat(hit.isHit()).isTrue();
      assertThat(hit.body()).isEqualTo(body);
      assertThat(fresh.text()).isEqualTo("small");
      assertThat(metric(weir, "weir_s3_chunks_fetched") - before)
          .as("each chunk is read once")
          .isEqualTo(BODY_BYTES >> 20);
      assertThat(origin.count("/big")).isEqualTo(1);
      // When new ones are put over that line
      byte[] other = new byte[3 << 20];
      new Random(6).nextBytes(other);
      origin.on("/new", seen -> Answer.of(200, Headers.of("Cache-Control", "max-age=99"), other));
      assertThat(client.get(origin.url("/new")).body()).isEqualTo(other);
      // Then
      assertThat(client.untilHit(origin.url("/new")).body()).isEqualTo(other);
      Eventually.holds(() -> pending(weir) == 0);
      assertThat(metric(weir, "weir_s3_failures")).isZero();
    }
  }

  @Test
  void atABaseUrlTheObjectItselfSaysWhatTheAnswerIsLike() throws Exception {
    // Given another server that may read the bucket
    origin.on(
        "/big",
        seen ->
            Answer.of(
                200,
                Headers.of(
                    "Cache-Control", "max-age=3600",
                    "Content-Type", "text/x-big",
                    "Content-Disposition", "attachment; filename=big"),
                body));
    try (WeirProcess weir =
        rig.weir("--object-redirect", "--object-redirect-base=http://cdn.example/weir")) {
      ProxyClient client = new ProxyClient(weir.address());
      String url = origin.url("/big");
      client.get(url);
      client.untilHit(url);
      // When
      Eventually.holds(() -> client.get(url).status() == 303);
      String get = client.get(url).header("Location");
      String head = client.send("HEAD", url, null).header("Location");
      // Then it is the object's key after that URL and nothing is signed
      assertThat(get).startsWith("http://cdn.example/weir/whole/").doesNotContain("?");
      assertThat(head).isEqualTo(get);
      String key = get.substring("http://cdn.example/weir/".length());
      HttpResponse<byte[]> whole =
          fetch("GET", S3StoreRig.signed(URI.create(rig.s3.endpoint() + "/weir/" + key)));
      assertThat(whole.body()).isEqualTo(body);
      assertThat(whole.headers().firstValue("Content-Type")).hasValue("text/x-big");
      assertThat(whole.headers().firstValue("Cache-Control")).hasValue("max-age=3600");
      assertThat(whole.headers().firstValue("Content-Disposition"))
          .hasValue("attachment; filename=big");
    }
  }

  @Test
  void objectsOfClientsThatAreSentThereGoByTheirAgeAndChunksDoNot() throws Exception {
    // Given
    try (WeirProcess weir = rig.weir("--object-redirect")) {
      ProxyClient client = new ProxyClient(weir.address());
      String url = origin.url("/big");
      client.get(url);
      client.untilHit(url);
      Eventually.holds(() -> pending(weir) == 0 && client.get(url).status() == 303);
      long chunks = rig.chunksInS3();
      Path whole = wholeObjects().getFirst();
      // When
      Command.Ended early = gc(weir);
      List<Path> before = wholeObjects();
      Files.setLastModifiedTime(whole, FileTime.from(Instant.now().minus(8, ChronoUnit.DAYS)));
      Command.Ended late = gc(weir);
      // Then
      assertThat(early.exitCode()).as(early.out() + early.err()).isZero();
      assertThat(before).containsExactly(whole);
      assertThat(late.exitCode()).as(late.out() + late.err()).isZero();
      assertThat(wholeObjects()).isEmpty();
      assertThat(rig.chunksInS3()).isEqualTo(chunks).isPositive();
    }
  }

  private List<Path> wholeObjects() {
    return rig.s3.objects("weir").stream()
        .filter(file -> file.toString().contains("/whole/"))
        .toList();
  }

  private static Command.Ended gc(WeirProcess weir) throws Exception {
    return WeirProcess.run("gc", "--admin=http://127.0.0.1:" + weir.healthPort());
  }

  private static HttpResponse<byte[]> fetch(String method, String url) throws Exception {
    try (HttpClient direct = HttpClient.newHttpClient()) {
      return direct.send(
          HttpRequest.newBuilder(URI.create(url))
              .method(method, HttpRequest.BodyPublishers.noBody())
              .build(),
          HttpResponse.BodyHandlers.ofByteArray());
    }
  }
}
