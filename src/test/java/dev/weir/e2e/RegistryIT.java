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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A container registry that wants tokens, through a mirror whose clients have none. */
class RegistryIT {
  private static final String MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

  @TempDir private static Path folder;

  private static final byte[] LAYER = new byte[300_000];
  private static final AtomicInteger REPOSITORIES = new AtomicInteger();
  private static OriginServer registry;
  private static OriginServer tokens;
  private static WeirProcess weir;
  private static Curl curl;
  private static String blob;
  private static byte[] manifest;

  /** Of each test its own, so that one node serves them all. */
  private final int number = REPOSITORIES.incrementAndGet();

  private final String open = "open/image" + number;
  private final String closed = "closed/image" + number;

  @BeforeAll
  static void start() throws Exception {
    new Random(7).nextBytes(LAYER);
    blob = "sha256:" + digest(LAYER);
    manifest =
        ("{\"schemaVersion\":2,\"layers\":[{\"digest\":\"%s\"}]}".formatted(blob))
            .getBytes(StandardCharsets.UTF_8);
    TestCa authority = new TestCa("Origins of tests");
    registry = OriginServer.start(authority.sockets("127.0.0.1", "localhost"));
    tokens = OriginServer.start(authority.sockets("127.0.0.1", "localhost"));
    Files.writeString(folder.resolve("puller"), "puller:top secret\n");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            """
            rules = [ { name = steady, continue = on, match { host = ["127.0.0.1", localhost] },
                        circuit-breaker = off } ]
            mounts = [
              { name = public, path = /v2/hub/, to = "https://127.0.0.1:%1$d/v2/" }
              { name = private, path = /v2/ours/, to = "https://127.0.0.1:%1$d/v2/",
                credentials { basic = "file:%2$s/puller" } }
            ]
            """
                .formatted(registry.port(), folder));
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--mode=mirror",
            "--policy-file=" + rules,
            "--upstream-ca=" + authority.pem(folder),
            "--mirror-allow-destinations=localhost:" + tokens.port(),
            "--health-port=0");
    curl = new Curl("");
  }

  @AfterAll
  static void stop() {
    weir.close();
    registry.close();
    tokens.close();
  }

  @BeforeEach
  void repositories() {
    registry.reset();
    tokens.reset();
    tokens.on("/token", this::token);
    serve(open);
    serve(closed);
  }

  /** Some tests do without them. */
  @AfterEach
  void listenAgain() throws Exception {
    for (OriginServer server : List.of(registry, tokens)) {
      server.refuse();
      server.accept();
    }
  }

  @Test
  void anImageIsPulledWithTokensThatNoClientSeesAndThenWithoutTheRegistry() throws Exception {
    // Given
    assertThat(get("/v2/").status()).isEqualTo(200);

    // When
    ProxyClient.Response tag = get("/v2/hub/" + open + "/manifests/latest");
    ProxyClient.Response first = get("/v2/hub/" + open + "/blobs/" + blob);

    // Then
    assertThat(tag.status()).isEqualTo(200);
    assertThat(tag.body()).isEqualTo(manifest);
    assertThat(tag.header("Content-Type")).isEqualTo(MANIFEST_TYPE);
    assertThat(first.body()).isEqualTo(LAYER);
    assertThat(tokens.count("/token")).as("one token for a repository").isEqualTo(1);

    // When
    Eventually.holds(() -> get("/v2/hub/" + open + "/blobs/" + blob).isHit());
    registry.refuse();
    tokens.refuse();

    // Then
    assertThat(get("/v2/hub/" + open + "/manifests/latest").body()).isEqualTo(manifest);
    assertThat(get("/v2/hub/" + open + "/blobs/" + blob).body()).isEqualTo(LAYER);
    assertThat(registry.count("/v2/" + open + "/blobs/" + blob, seen -> isPull(seen, open)))
        .isEqualTo(1);
    assertThat(weir.log()).doesNotContain("token-of", "top secret");
  }

  @Test
  void aPrivateRepositoryIsForItsMountAlone() throws Exception {
    // When
    ProxyClient.Response stranger = get("/v2/hub/" + closed + "/blobs/" + blob);
    ProxyClient.Response entitled = get("/v2/ours/" + closed + "/blobs/" + blob);
    Eventually.holds(() -> get("/v2/ours/" + closed + "/blobs/" + blob).isHit());
    ProxyClient.Response still = get("/v2/hub/" + closed + "/blobs/" + blob);

    // Then
    assertThat(stranger.status()).isEqualTo(401);
    assertThat(entitled.body()).isEqualTo(LAYER);
    assertThat(still.status()).isEqualTo(401);
    assertThat(get("/127.0.0.1:" + registry.port() + "/v2/" + closed + "/blobs/" + blob).status())
        .isNotEqualTo(200);
  }

  @Test
  void aHerdFetchesOneTokenAndOneBlob() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      // When
      List<Future<ProxyClient.Response>> all = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        all.add(threads.submit(() -> get("/v2/hub/" + open + "/blobs/" + blob)));
      }

      // Then
      for (Future<ProxyClient.Response> one : all) {
        assertThat(one.get().body()).isEqualTo(LAYER);
      }
      assertThat(tokens.count("/token")).isEqualTo(1);
      assertThat(registry.count("/v2/" + open + "/blobs/" + blob, seen -> isPull(seen, open)))
          .isEqualTo(1);
    }
  }

  @Test
  void aTokenThatHoldsNoLongerIsFetchedAnew() throws Exception {
    // Given
    get("/v2/hub/" + open + "/manifests/latest");
    secret = "other";
    // When
    ProxyClient.Response response = get("/v2/hub/" + open + "/manifests/other");
    // Then
    assertThat(response.body()).isEqualTo(manifest);
    assertThat(tokens.count("/token")).isEqualTo(2);
  }

  /** One chunk and several, small and in the document: whatever comes is not what was named. */
  @ParameterizedTest
  @ValueSource(ints = {10, 300_000, 20_000_000})
  void bytesOfAnotherDigestThanTheUrlNamesAreNeverStored(int bytes) throws Exception {
    // Given
    byte[] right = new byte[bytes];
    new Random(bytes).nextBytes(right);
    byte[] wrong = right.clone();
    wrong[bytes - 1]++;
    AtomicReference<byte[]> sent = new AtomicReference<>(wrong);
    String path = "/" + open + "/blobs/sha256:" + digest(right);
    registry.on(
        "/v2" + path,
        seen -> Answer.of(200, Headers.of("ETag", "\"x\"", "Accept-Ranges", "bytes"), sent.get()));

    // When
    get("/v2/hub" + path);
    Eventually.holds(() -> weir.log().contains(digest(right)));
    ProxyClient.Response again = get("/v2/hub" + path);
    sent.set(right);

    // Then
    assertThat(again.isHit()).isFalse();
    Eventually.holds(() -> get("/v2/hub" + path).isHit());
    assertThat(get("/v2/hub" + path).body()).isEqualTo(right);
  }

  /** Public registries count pulls: a tag that is here was not to be had when they were used up. */
  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void aTagThatIsKeptStandsInWhileTheRegistryTurnsUsAway(int status) throws Exception {
    // Given
    String tag = "/" + open + "/manifests/latest";
    Eventually.holds(() -> get("/v2/hub" + tag).header("Cache-Status").contains("fwd=stale"));
    // When
    registry.overrideStatus("/v2" + tag, status);
    ProxyClient.Response response = get("/v2/hub" + tag);
    registry.overrideStatus("/v2" + tag, 401);
    ProxyClient.Response denied = get("/v2/hub" + tag);
    // Then
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(manifest);
    assertThat(denied.status()).isEqualTo(401);
  }

  /** Public registries count what is got against their clients, and not what is looked at. */
  @Test
  void aTagIsValidatedByALookAndGotOnlyIfItIsAnother() throws Exception {
    // Given
    String tag = "/" + open + "/manifests/latest";
    Eventually.holds(() -> get("/v2/hub" + tag).header("Cache-Status").contains("fwd=stale"));
    registry.reset();

    // When
    ProxyClient.Response same = get("/v2/hub" + tag);

    // Then
    assertThat(same.body()).isEqualTo(manifest);
    assertThat(registry.seen("/v2" + tag)).extracting(Seen::method).containsExactly("HEAD");

    // When
    byte[] moved = "{\"schemaVersion\":2}".getBytes(StandardCharsets.UTF_8);
    registry.on("/v2" + tag, seen -> answer(seen, open, moved));
    ProxyClient.Response other = get("/v2/hub" + tag);

    // Then
    assertThat(other.body()).isEqualTo(moved);
    assertThat(registry.seen("/v2" + tag))
        .extracting(Seen::method)
        .containsExactly("HEAD", "HEAD", "GET");
  }

  @Test
  void aRegistryThatCannotBeLookedAtIsAskedForTheManifest() throws Exception {
    // Given
    String tag = "/" + open + "/manifests/latest";
    Eventually.holds(() -> get("/v2/hub" + tag).header("Cache-Status").contains("fwd=stale"));
    registry.on(
        "/v2" + tag,
        seen ->
            seen.method().equals("HEAD") ? Answer.text(405, "no") : answer(seen, open, manifest));

    // When
    ProxyClient.Response same = get("/v2/hub" + tag);

    // Then
    assertThat(same.body()).isEqualTo(manifest);
    assertThat(same.header("Cache-Status")).contains("fwd-status=304");
    assertThat(registry.seen("/v2" + tag).getLast().isConditional()).isTrue();
  }

  /** Registries choose the form of a manifest by Accept, and not all of them say Vary. */
  @Test
  void aManifestByTagIsKeptForEachFormThatClientsAskFor() throws Exception {
    // Given
    String list = "application/vnd.oci.image.index.v1+json";
    registry.on(
        "/v2/" + open + "/manifests/multi",
        seen -> {
          boolean wantsList = String.valueOf(seen.header("Accept")).contains(list);
          return wantsList
              ? Answer.text(200, "the list", "Content-Type", list, "ETag", "\"l\"")
              : Answer.text(200, "the one", "Content-Type", MANIFEST_TYPE, "ETag", "\"o\"");
        });
    String url = "http://127.0.0.1:" + weir.port() + "/v2/hub/" + open + "/manifests/multi";

    // When
    Map<String, String> forms =
        Map.of(list + ", " + MANIFEST_TYPE, "the list", MANIFEST_TYPE, "the one");
    for (Map.Entry<String, String> form : forms.entrySet()) {
      Eventually.holds(
          () -> {
            ProxyClient.Response response = curl.fetch(url, "-HAccept: " + form.getKey());
            assertThat(response.text()).isEqualTo(form.getValue());
            return String.valueOf(response.header("Cache-Status")).contains("fwd=stale");
          });
    }
    registry.refuse();

    // Then
    for (Map.Entry<String, String> form : forms.entrySet()) {
      assertThat(curl.fetch(url, "-HAccept: " + form.getKey()).text()).isEqualTo(form.getValue());
    }
  }

  @Test
  void whatNoMountLeadsToIsUnknownInTheWordsOfRegistries() throws Exception {
    ProxyClient.Response response = get("/v2/elsewhere/image/manifests/latest");
    assertThat(response.status()).isEqualTo(404);
    assertThat(response.text()).contains("NAME_UNKNOWN");
  }

  private ProxyClient.Response get(String path) throws Exception {
    return curl.fetch(
        "http://127.0.0.1:" + weir.address().getPort() + path,
        "-HAccept: " + MANIFEST_TYPE + ", */*");
  }

  // --- the registry

  private volatile String secret = "first";

  private void serve(String repository) {
    registry.on("/v2/" + repository + "/blobs/" + blob, seen -> answer(seen, repository, LAYER));
    for (String tag : List.of("latest", "other")) {
      registry.on(
          "/v2/" + repository + "/manifests/" + tag, seen -> answer(seen, repository, manifest));
    }
  }

  private Answer answer(Seen seen, String repository, byte[] body) throws IOException {
    if (!isPull(seen, repository)) {
      return Answer.text(
          401,
          "{\"errors\":[{\"code\":\"UNAUTHORIZED\"}]}",
          "WWW-Authenticate",
          "Bearer realm=\"https://localhost:%d/token\",service=\"tests\",scope=\"repository:%s:pull\""
              .formatted(tokens.port(), repository));
    }
    String tag = "\"sha256:" + digest(body) + "\"";
    if (tag.equals(seen.header("If-None-Match"))) {
      return Answer.of(304, Headers.of("ETag", tag), new byte[0]);
    }
    return Answer.of(
        200,
        Headers.of("Content-Type", body == LAYER ? "application/octet-stream" : MANIFEST_TYPE)
            .plus("Docker-Content-Digest", "sha256:" + digest(body))
            .plus("ETag", tag),
        body);
  }

  private boolean isPull(Seen seen, String repository) {
    return ("Bearer token-of-" + secret + "-" + repository).equals(seen.header("Authorization"));
  }

  private Answer token(Seen seen) {
    String scope = seen.query("scope", "");
    String repository = scope.replaceAll("^repository(:|%3A)|(:|%3A)pull$", "").replace("%2F", "/");
    String basic =
        "Basic "
            + Base64.getEncoder()
                .encodeToString("puller:top secret".getBytes(StandardCharsets.UTF_8));
    if (repository.startsWith("closed/") && !basic.equals(seen.header("Authorization"))) {
      return Answer.text(401, "{}");
    }
    return Answer.text(
        200,
        "{\"token\":\"token-of-%s-%s\",\"expires_in\":300}".formatted(secret, repository),
        "Content-Type",
        "application/json");
  }

  private static String digest(byte[] bytes) throws IOException {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IOException(impossible);
    }
  }
}
