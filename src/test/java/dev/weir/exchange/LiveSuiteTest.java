package dev.weir.exchange;

import static dev.weir.exchange.Race.got;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient.Response;
import dev.weir.testing.Seen;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What users of an earlier cache rely on, over sockets on both sides: how often the origin is asked
 * and that responses arrive as they were sent. Where Weir decides otherwise is listed in {@code
 * docs/http-caching.md}.
 */
final class LiveSuiteTest {
  private final CountDownLatch never = new CountDownLatch(1);
  private Rig rig = new Rig(Policy.STANDARD);

  @AfterEach
  void stop() {
    never.countDown();
    rig.close();
  }

  private void under(String policy, String settings) {
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.named(policy).orElseThrow()), settings);
  }

  private Response get(String target, String... fields) throws Exception {
    Response response = got(rig.client("GET", target, fields));
    Eventually.holds(rig::nothingRuns);
    return response;
  }

  @ParameterizedTest(name = "{0}: {2} requests, {3} of them conditional, {1} s later")
  @CsvSource(
      delimiter = '|',
      value = {
        // target, seconds between two requests, requests that the origin sees, conditional ones
        "/cache-control/no-store             | 0   | 2 | 0",
        "/cache-control/private              | 0   | 2 | 0",
        "/cache-control/no-cache             | 0   | 2 | 1",
        "/cache-control/max-age=60           | 0   | 1 | 0",
        "/cache-control/max-age=60           | 50  | 1 | 0",
        "/cache-control/max-age=60           | 61  | 2 | 1",
        "/cache-control/max-age=0            | 0   | 2 | 1",
        "/cache-control/s-maxage=60,max-age=0| 0   | 1 | 0",
        "/expires?in=60                      | 0   | 1 | 0",
        "/expires?in=60                      | 100 | 2 | 0",
        "/expires?in=-60                     | 0   | 2 | 0",
        "/policy                             | 0   | 1 | 0",
        "/bare                               | 100 | 2 | 0",
      })
  void theOriginIsAskedAsOftenAsItsFieldsSay(
      String target, long seconds, int requests, int conditional) throws Exception {
    // Given
    Response first = get(target);

    // When
    rig.pass(seconds);
    Response second = get(target);

    // Then
    String path = target.replaceFirst("\\?.*", "");
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.body()).isEqualTo(first.body());
    assertThat(rig.origin.count(path)).isEqualTo(requests);
    assertThat(rig.origin.count(path, Seen::isConditional)).isEqualTo(conditional);
  }

  @ParameterizedTest(name = "{0}, {1}: {2} {3}")
  @CsvSource({
    // an origin that says nothing: policy, state of the entry, status, detail
    "Standard,       stale,  200, stale-disconnected",
    "StaleIfError,   stale,  200, stale-if-error",
    "AlwaysUpstream, stale,  200, upstream-fallback",
    "AlwaysValidate, stale,  200, stale-if-error",
    "NoRefresh,      stale,  200, no-refresh",
    "NoCache,        stale,  504, head-timeout",
    "Standard,       absent, 504, head-timeout",
    "StaleIfError,   absent, 504, head-timeout",
  })
  void anOriginThatSaysNothingIsGivenUp(String policy, String state, int status, String detail)
      throws Exception {
    // Given
    under(policy, "weir.exchange.origin-read-timeout = 300ms");
    boolean absent = state.equals("absent");
    rig.origin.on(
        "/silent",
        seen -> {
          if (absent || rig.origin.count("/silent") > 1) {
            never.await();
          }
          return Answer.text(200, "stored", "Cache-Control", "max-age=60");
        });
    if (!absent) {
      assertThat(get("/silent").text()).isEqualTo("stored");
      rig.pass(100);
    }

    // When
    Response response = get("/silent");

    // Then
    assertThat(response.status()).isEqualTo(status);
    assertThat(response.header("Cache-Status")).contains("detail=" + detail);
    assertThat(status != 200 || response.text().equals("stored")).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"Standard", "StaleIfError", "AlwaysUpstream", "AlwaysValidate", "NoCache"})
  void aChangeIsSeenOnceTheStoredResponseIsStale(String policy) throws Exception {
    // Given
    under(policy, "");
    assertThat(get("/cache-control/max-age=60").text()).startsWith("version 1 ");

    // When
    rig.origin.bumpVersion();
    rig.pass(100);

    // Then
    assertThat(get("/cache-control/max-age=60").text()).startsWith("version 2 ");
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void redirectsAreTheClientsToFollow(int status) throws Exception {
    // When
    String target = "/redirect?status=" + status + "&to=/a%2Fb?c=%7E";
    Response miss = get(target);
    Response hit = get(target);

    // Then
    for (Response one : List.of(miss, hit)) {
      assertThat(one.status()).isEqualTo(status);
      assertThat(one.headers().all("Location")).containsExactly("/a%2Fb?c=%7E");
    }
    assertThat(hit.isHit()).isTrue();
    assertThat(rig.origin.seen()).hasSize(1);
  }

  @Test
  void everyFieldOfAResponseArrivesOnAMissAndOnAHit() throws Exception {
    // Given
    Headers sent =
        Headers.of(
            "Content-Type", "application/vnd.oci.image.manifest.v1+json",
            "Cache-Control", "max-age=60",
            "Docker-Content-Digest", "sha256:00",
            "X-Custom", "caf\u00e9",
            "Set-Cookie", "a=b; Path=/",
            "Set-Cookie", "c=d",
            "Link", "</a>; rel=next",
            "ETag", "W/\"x\"",
            "Content-Disposition", "attachment; filename=\"a, b\"",
            "Date", "Sat, 21 Nov 2026 08:00:00 GMT",
            "Server", "origin");
    rig.origin.on(
        "/fields",
        seen ->
            Answer.of(
                200,
                sent.toBuilder().add("Connection", "X-Hop").add("X-Hop", "1").build(),
                new byte[5]));

    // When
    Response miss = get("/fields");
    Response hit = get("/fields", "Cache-Control", "max-stale");

    // Then
    for (Response one : List.of(miss, hit)) {
      sent.forEach((name, value) -> assertThat(one.headers().all(name)).contains(value));
      assertThat(one.headers().all("Set-Cookie")).containsExactly("a=b; Path=/", "c=d");
      assertThat(one.headers().has("X-Hop")).isFalse();
      assertThat(one.headers().all("Content-Length")).containsExactly("5");
    }
    assertThat(hit.isHit()).isTrue();
    assertThat(hit.header("X-Request-ID")).isNotEqualTo(miss.header("X-Request-ID"));
  }

  @ParameterizedTest(name = "{0} bytes, {1}, {2}")
  @CsvSource({
    "100,     gzip,     length",
    "100,     gzip,     chunked",
    "3000000, gzip,     length",
    "3000000, gzip,     chunked",
    "100,     identity, length",
    "3000000, identity, chunked",
    "0,       identity, length",
  })
  void bytesAndTheirCodingAreTheOrigins(int size, String coding, String framing) throws Exception {
    // Given: bytes that do not shrink, so that large stays large
    byte[] plain = new byte[size];
    new Random(size).nextBytes(plain);
    byte[] sent = coding.equals("gzip") ? packed(plain) : plain;
    Headers fields = Headers.of("Content-Encoding", coding, "Cache-Control", "max-age=60");
    rig.origin.on(
        "/coded",
        seen ->
            framing.equals("length")
                ? Answer.of(200, fields, sent)
                : Answer.chunked(200, fields, out -> out.write(sent)));

    // When
    Response miss = get("/coded", "Accept-Encoding", "gzip");
    Response hit = get("/coded", "Accept-Encoding", "br");

    // Then
    for (Response one : List.of(miss, hit)) {
      assertThat(one.header("Content-Encoding")).isEqualTo(coding);
      assertThat(Arrays.equals(one.body(), sent)).isTrue();
    }
    assertThat(hit.isHit()).isTrue();
    assertThat(hit.header("Content-Length")).isEqualTo(Integer.toString(sent.length));
    assertThat(Arrays.equals(coding.equals("gzip") ? unpacked(hit.body()) : hit.body(), plain))
        .isTrue();
  }

  private static byte[] packed(byte[] plain) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    }
    return packed.toByteArray();
  }

  private static byte[] unpacked(byte[] packed) throws IOException {
    return new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes();
  }

  /** Lengths at which bodies are kept or moved in another way, and one byte to each side. */
  @ParameterizedTest
  @ValueSource(ints = {256, 1024, 4096, 8192, 65_536, 262_144, 8_388_608})
  void rangesAcrossABoundaryAreThoseBytesAndLeaveTheWholeAsItIs(int boundary) throws Exception {
    // Given
    int total = boundary + 1000;
    String target = "/range-data/" + total;

    // When: the first of them is a miss
    Response across = range(target, boundary - 2, boundary + 1);
    Response start = range(target, 0, 1023);
    Response end = range(target, total - 1024, total - 1);
    Response all = range(target, 0, total - 1);
    Response whole = get(target);

    // Then
    assertThat(whole.body()).hasSize(total);
    assertThat(Arrays.equals(all.body(), whole.body())).isTrue();
    assertThat(across.body()).isEqualTo(cut(whole, boundary - 2, boundary + 1));
    assertThat(start.body()).isEqualTo(cut(whole, 0, 1023));
    assertThat(end.body()).isEqualTo(cut(whole, total - 1024, total - 1));
    for (int i = 0; i < total; i++) {
      if (whole.body()[i] != (byte) i) {
        throw new AssertionError("byte " + i + " is " + whole.body()[i]);
      }
    }
    assertThat(rig.origin.count(target)).isEqualTo(1);
  }

  private Response range(String target, int first, int last) throws Exception {
    Response part = get(target, "Range", "bytes=" + first + "-" + last);
    assertThat(part.status()).isEqualTo(206);
    return part;
  }

  private static byte[] cut(Response whole, int first, int last) {
    return Arrays.copyOfRange(whole.body(), first, last + 1);
  }

  @Test
  void aSlowResponseDelaysNoOther() throws Exception {
    // Given
    rig.origin.on(
        "/slow",
        seen -> {
          never.await();
          return Answer.text(200, "late", "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> slow = rig.clients(20, "/slow");
    Eventually.holds(() -> rig.origin.count("/slow") == 1);

    // When
    Response quick = got(rig.client("GET", "/policy"));
    never.countDown();

    // Then
    assertThat(quick.status()).isEqualTo(200);
    assertThat(Race.all(slow)).extracting(Response::text).containsOnly("late");
    assertThat(rig.origin.count("/slow")).isEqualTo(1);
  }
}
