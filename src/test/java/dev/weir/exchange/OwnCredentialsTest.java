package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.Seen;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Blobs of a registry whose clients come through the proxy with tokens of their own. */
final class OwnCredentialsTest {
  private static final String[] NOBODY = {};

  private final byte[] layer = new byte[200_000];
  private final Set<String> entitled = ConcurrentHashMap.newKeySet();
  private Rig rig;
  private String blob;
  private volatile int refusal = 401;
  private volatile int toHead = 200;

  @BeforeEach
  void start() throws Exception {
    rig = new Rig(Policy.STANDARD);
    new Random().nextBytes(layer);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(layer));
    blob = "/v2/closed/image/blobs/sha256:" + digest;
    entitled.addAll(List.of("Bearer a", "Bearer b"));
    rig.origin.on(blob, this::answer);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private Answer answer(Seen seen) {
    String shown = seen.header("Authorization");
    if (shown == null || !entitled.contains(shown)) {
      return Answer.text(
          refusal, "no\n", "WWW-Authenticate", "Bearer realm=\"https://x.example/\"");
    }
    return seen.method().equals("HEAD") && toHead != 200
        ? Answer.text(toHead, "")
        : Answer.of(200, Headers.of("Cache-Control", "max-age=31536000"), layer);
  }

  private Rig.Got get(String token, String... more) {
    String[] fields = new String[more.length + 2];
    fields[0] = "Authorization";
    fields[1] = token;
    System.arraycopy(more, 0, fields, 2, more.length);
    return rig.get(blob, fields);
  }

  private long blobsSent() {
    return rig.origin.count(blob, seen -> seen.method().equals("GET") && isEntitled(seen));
  }

  private boolean isEntitled(Seen seen) {
    return entitled.contains(String.valueOf(seen.header("Authorization")));
  }

  private void kept() throws Exception {
    assertThat(get("Bearer a").body()).isEqualTo(layer);
    Eventually.holds(rig::nothingRuns);
  }

  /** Each copy asked for every blob again: with a token nothing was stored. */
  @Test
  void aBlobFetchedWithATokenIsNotFetchedAgain() throws Exception {
    // Given
    kept();
    // When
    Rig.Got same = get("Bearer a");
    Rig.Got other = get("Bearer b");
    // Then
    assertThat(same.cacheStatus()).contains("weir;hit");
    assertThat(other.cacheStatus()).contains("weir;hit");
    assertThat(other.body()).isEqualTo(layer);
    assertThat(blobsSent()).isEqualTo(1);
    assertThat(rig.origin.count(blob, seen -> seen.method().equals("HEAD"))).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 429, 500, 302})
  void whoIsNotAcceptedGetsTheOriginsWordAndNoBlob(int status) throws Exception {
    // Given
    kept();
    refusal = status;
    // When
    Rig.Got stranger = get("Bearer z");
    Rig.Got nobody = rig.get(blob, NOBODY);
    Rig.Got range = get("Bearer z", "Range", "bytes=0-9");
    Rig.Got asked = rig.send("HEAD", blob, "Authorization", "Bearer z");
    Rig.Got kept = get("Bearer z", "Cache-Control", "only-if-cached");
    // Then
    for (Rig.Got one : List.of(stranger, nobody, range, asked)) {
      assertThat(one.status()).isEqualTo(status);
      assertThat(one.body().length).isLessThan(10);
    }
    assertThat(stranger.headers().has("WWW-Authenticate")).isTrue();
    assertThat(kept.status()).isEqualTo(504);
    assertThat(get("Bearer a").cacheStatus()).contains("weir;hit");
  }

  @Test
  void whileTheOriginIsDownOnlyWhoWasAcceptedLatelyIsServed() throws Exception {
    // Given
    kept();
    // When
    rig.origin.refuse();
    // Then
    assertThat(get("Bearer a").body()).isEqualTo(layer);
    assertThat(get("Bearer b").status()).isEqualTo(502);
    assertThat(rig.get(blob).status()).isEqualTo(502);
    assertThat(get("Bearer a", "Cookie", "c=1").status()).isEqualTo(502);
  }

  @Test
  void rightsThatAreWithdrawnEndSoon() throws Exception {
    // Given
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.proven-credentials-for=1ms");
    rig.origin.on(blob, this::answer);
    kept();
    // When
    entitled.remove("Bearer a");
    // Then
    Eventually.holds(() -> get("Bearer a").status() == 401);
    assertThat(get("Bearer b").cacheStatus()).contains("weir;hit");
  }

  /** An origin that says nothing to HEAD is asked each time, as it was. */
  @ParameterizedTest
  @ValueSource(ints = {307, 404, 405, 501})
  void withoutAnAnswerToHeadNothingIsShared(int status) throws Exception {
    // Given
    toHead = status;
    // Then
    for (int i = 1; i <= 3; i++) {
      assertThat(get("Bearer a").body()).isEqualTo(layer);
      assertThat(blobsSent()).isEqualTo(i);
    }
  }

  @Test
  void aHerdWithTokensFetchesOneBlob() throws Exception {
    // When
    List<CompletableFuture<ProxyClient.Response>> all = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      entitled.add("Bearer n" + i);
      all.add(rig.client("GET", blob, "Authorization", "Bearer n" + i));
    }
    // Then
    for (CompletableFuture<ProxyClient.Response> one : all) {
      assertThat(one.get().body()).isEqualTo(layer);
    }
    assertThat(blobsSent()).isEqualTo(1);
  }

  @Test
  void whatIsDeletedThroughTheProxyIsForgotten() throws Exception {
    // Given
    kept();
    // When
    rig.send("DELETE", blob, "Authorization", "Bearer a");
    // Then
    assertThat(get("Bearer a").cacheStatus()).doesNotContain("weir;hit");
  }

  @Test
  void ofWhatIsNotNamedByItsDigestNothingIsKept() throws Exception {
    // Given
    rig.origin.on("/v2/closed/image/manifests/latest", this::answer);
    // Then
    for (int i = 1; i <= 2; i++) {
      String tag = "/v2/closed/image/manifests/latest";
      assertThat(rig.get(tag, "Authorization", "Bearer a").body()).isEqualTo(layer);
      Eventually.holds(rig::nothingRuns);
      assertThat(rig.origin.count(tag)).isEqualTo(i);
    }
  }

  /** Whoever was served without credentials fetched what is anybody's. */
  @Test
  void whatIsKeptForAnybodyIsServedToWhoShowsCredentialsToo() throws Exception {
    // Given
    rig.origin.on(blob, seen -> Answer.of(200, Headers.of("Cache-Control", "max-age=3600"), layer));
    rig.get(blob);
    Eventually.holds(rig::nothingRuns);
    // When
    rig.origin.refuse();
    // Then
    assertThat(get("Bearer q").cacheStatus()).contains("weir;hit");
  }

  @Test
  void aRangeWithATokenFetchesTheWholeOnce() throws Exception {
    // When
    Rig.Got first = get("Bearer a", "Range", "bytes=100-199");
    Eventually.holds(rig::nothingRuns);
    Rig.Got second = get("Bearer b", "Range", "bytes=-50");
    // Then
    assertThat(first.status()).isEqualTo(206);
    assertThat(first.body()).isEqualTo(Arrays.copyOfRange(layer, 100, 200));
    assertThat(second.cacheStatus()).contains("weir;hit");
    assertThat(second.body()).isEqualTo(Arrays.copyOfRange(layer, layer.length - 50, layer.length));
    assertThat(blobsSent()).isEqualTo(1);
  }
}
