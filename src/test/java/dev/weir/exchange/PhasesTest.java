package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weir.edge.EdgeResponse;
import dev.weir.http.Headers;
import dev.weir.log.ServeReason;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.Seen;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients and origins see of an exchange, phase by phase, under the standard policy. */
final class PhasesTest {
  private Rig rig;

  @BeforeEach
  void start() {
    rig = new Rig(Policy.STANDARD);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private Rig.Got stored(String target) throws Exception {
    Rig.Got first = rig.get(target);
    Eventually.holds(rig::nothingRuns);
    return first;
  }

  @Test
  void aStoredGetAnswersHeadConditionsAndRanges() throws Exception {
    // Given
    Rig.Got whole = stored("/range-data/1000");
    String tag = whole.headers().first("ETag");

    // When
    Rig.Got head = rig.send("HEAD", "/range-data/1000");
    Rig.Got same = rig.get("/range-data/1000", "If-None-Match", tag);
    Rig.Got part = rig.get("/range-data/1000", "Range", "bytes=10-19");
    Rig.Got suffix = rig.get("/range-data/1000", "Range", "bytes=-5");
    Rig.Got beyond = rig.get("/range-data/1000", "Range", "bytes=1000-");
    Rig.Got other = rig.get("/range-data/1000", "Range", "bytes=0-1", "If-Range", "\"other\"");

    // Then
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().first("Content-Length")).isEqualTo("1000");
    assertThat(same.status()).isEqualTo(304);
    assertThat(same.headers().first("ETag")).isEqualTo(tag);
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.headers().first("Content-Range")).isEqualTo("bytes 10-19/1000");
    assertThat(part.body()).containsExactly(10, 11, 12, 13, 14, 15, 16, 17, 18, 19);
    assertThat(suffix.headers().first("Content-Range")).isEqualTo("bytes 995-999/1000");
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.headers().first("Content-Range")).isEqualTo("bytes */1000");
    assertThat(other.status()).isEqualTo(200);
    assertThat(other.body()).hasSize(1000);
    assertThat(rig.origin.count("/range-data/1000")).isEqualTo(1);
  }

  @Test
  void everyAnswerSaysWhoWhenceAndWhy() throws Exception {
    // Given
    Rig.Got miss = stored("/policy");

    // When
    Rig.Got hit = rig.get("/policy");

    // Then
    assertThat(miss.cacheStatus()).isEqualTo("weir;fwd=miss;fwd-status=200;stored;detail=miss");
    assertThat(hit.cacheStatus()).matches("weir;hit;ttl=3(600|599|598);detail=fresh");
    assertThat(hit.headers().first("Age")).matches("[0-2]");
    assertThat(miss.headers().has("Age")).isFalse();
    for (Rig.Got got : List.of(miss, hit)) {
      assertThat(got.headers().all("Via")).containsExactly("1.1 weir");
      assertThat(got.headers().first("X-Request-ID")).matches("[0-9a-f]{16}");
      assertThat(got.headers().first("X-Proxy-Policy")).isEqualTo("Standard");
      assertThat(got.headers().has("Date")).isTrue();
    }
  }

  @Test
  void aRangeOnAMissGetsItsPartAndStoresTheWhole() throws Exception {
    // When
    Rig.Got part = rig.get("/range-data/100000", "Range", "bytes=50000-50009");
    Eventually.holds(rig::nothingRuns);
    Rig.Got whole = rig.get("/range-data/100000");

    // Then
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.headers().first("Content-Range")).isEqualTo("bytes 50000-50009/100000");
    assertThat(part.body()).hasSize(10).startsWith((byte) 50000);
    assertThat(whole.body()).hasSize(100_000);
    assertThat(whole.cacheStatus()).contains("weir;hit");
    assertThat(rig.origin.count("/range-data/100000", Seen::isPlainGet)).isEqualTo(1);
    assertThat(rig.origin.count("/range-data/100000")).isEqualTo(1);
  }

  @Test
  void aRangeOfWhatIsTooLargeIsForwardedAndKeptAsAPart() throws Exception {
    // Given
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.range-fill-max = 50k");

    // When
    Rig.Got near = rig.get("/range-data/100000", "Range", "bytes=10-19");
    Rig.Got far = rig.get("/range-data/100000", "Range", "bytes=90000-90009");

    // Then
    assertThat(near.status()).isEqualTo(206);
    assertThat(near.body()).hasSize(10);
    assertThat(near.cacheStatus()).contains("stored").contains("detail=range");
    assertThat(far.status()).isEqualTo(206);
    assertThat(far.cacheStatus()).contains("stored").contains("detail=range");
    assertThat(rig.origin.count("/range-data/100000", Seen::isRange)).isEqualTo(2);
  }

  @Test
  void aHerdIsOneFetchAndItsFollowersNameTheLeader() throws Exception {
    // Given
    List<CompletableFuture<EdgeResponse>> herd = new ArrayList<>();
    String target = "/stream/20000?pieces=10&pause=5";

    // When
    for (int i = 0; i < 50; i++) {
      herd.add(rig.begin("GET", target, new CompletableFuture<>()));
    }
    List<Rig.Got> got = herd.stream().map(rig::finish).toList();

    // Then
    assertThat(got).allMatch(one -> one.status() == 200 && one.body().length == 20_000);
    assertThat(rig.origin.count("/stream/20000")).isEqualTo(1);
    Eventually.holds(() -> rig.log.size() == 50);
    String leader =
        rig.log.stream().filter(line -> line.leader() == null).findFirst().orElseThrow().id();
    assertThat(rig.log.stream().filter(line -> line.reason() == ServeReason.COLLAPSED))
        .hasSize(49)
        .allMatch(line -> leader.equals(line.leader()) && line.bytes() == 20_000);
  }

  @Test
  void aFollowerOfAnotherVariantFetchesItsOwn() throws Exception {
    // Given
    rig.origin.overrideDelay("/vary", 200);
    CompletableFuture<EdgeResponse> gzip =
        rig.begin("GET", "/vary", new CompletableFuture<>(), "Accept-Encoding", "gzip");
    CompletableFuture<EdgeResponse> br =
        rig.begin("GET", "/vary", new CompletableFuture<>(), "Accept-Encoding", "br");

    // When
    Rig.Got first = rig.finish(gzip);
    Rig.Got second = rig.finish(br);
    Eventually.holds(rig::nothingRuns);
    Rig.Got again = rig.get("/vary", "Accept-Encoding", "BR;q=0.5");

    // Then
    assertThat(first.text()).isEqualTo("for gzip\n");
    assertThat(second.text()).isEqualTo("for br\n");
    assertThat(second.cacheStatus()).contains("fwd=").doesNotContain("collapsed");
    assertThat(again.text()).isEqualTo("for br\n");
    assertThat(again.cacheStatus()).contains("weir;hit");
    assertThat(rig.origin.count("/vary")).isEqualTo(2);
  }

  @Test
  void whatIsPrivateIsNeitherStoredNorShared() throws Exception {
    // Given
    CountDownLatch both = new CountDownLatch(2);
    AtomicInteger served = new AtomicInteger();
    rig.origin.on(
        "/mine",
        seen -> {
          both.countDown();
          Thread.sleep(100);
          return Answer.text(
              200, "for " + served.incrementAndGet(), "Cache-Control", "private, max-age=60");
        });

    // When
    CompletableFuture<EdgeResponse> one = rig.begin("GET", "/mine", new CompletableFuture<>());
    CompletableFuture<EdgeResponse> two = rig.begin("GET", "/mine", new CompletableFuture<>());

    // Then
    assertThat(rig.finish(one).text()).isNotEqualTo(rig.finish(two).text());
    assertThat(rig.finish(rig.begin("GET", "/mine", new CompletableFuture<>())).text())
        .isEqualTo("for 3");
  }

  @Test
  void whatIsForThisCacheOrThisConnectionNeverGoesUpstream() {
    // When
    String seen =
        rig.get(
                "/headers",
                "Connection",
                "close, X-Hop",
                "X-Hop",
                "1",
                "Proxy-Authorization",
                "Basic c2VjcmV0",
                "X-Weir-Policy",
                "NoCache",
                "X-Passsage-Policy",
                "NoCache",
                "Authorization",
                "Bearer t",
                "If-None-Match",
                "\"x\"",
                "Range",
                "bytes=0-1")
            .text();

    // Then
    assertThat(seen)
        .contains("Authorization: Bearer t", "Via: 1.1 weir")
        .doesNotContain("X-Hop", "Proxy-Auth", "Policy", "If-None-Match", "Range");
  }

  @Test
  void aRequestThatComesRoundIsRefused() {
    // When
    Rig.Got got = rig.get("/policy", "Via", "1.0 elsewhere, 1.1 WEIR (cache)");

    // Then
    assertThat(got.status()).isEqualTo(508);
    assertThat(got.headers().first("Content-Type")).isEqualTo("application/problem+json");
    assertThat(got.text()).contains(got.headers().first("X-Request-ID"), "Loop Detected");
    assertThat(rig.origin.seen()).isEmpty();
  }

  @Test
  void onlyIfCachedNeverAsksTheOrigin() throws Exception {
    // When
    Rig.Got absent = rig.get("/policy", "Cache-Control", "only-if-cached");
    stored("/policy");
    Rig.Got present = rig.get("/policy", "Cache-Control", "only-if-cached");

    // Then
    assertThat(absent.status()).isEqualTo(504);
    assertThat(present.status()).isEqualTo(200);
    assertThat(rig.origin.count("/policy")).isEqualTo(1);
  }

  @Test
  void aClientsNoCacheIsExactlyOneValidation() throws Exception {
    // Given
    stored("/policy");

    // When
    Rig.Got got = rig.get("/policy", "Cache-Control", "no-cache");

    // Then
    assertThat(got.status()).isEqualTo(200);
    assertThat(got.cacheStatus())
        .startsWith("weir;fwd=request;fwd-status=304;stored")
        .contains("detail=revalidated");
    assertThat(rig.origin.count("/policy")).isEqualTo(2);
    assertThat(rig.origin.count("/policy", Seen::isConditional)).isEqualTo(1);
  }

  @Test
  void aClientsNoStoreStoresNothing() {
    // When
    rig.get("/policy", "Cache-Control", "no-store");
    Rig.Got second = rig.get("/policy", "Cache-Control", "no-store");

    // Then
    assertThat(second.cacheStatus()).contains("detail=no-store-request");
    assertThat(rig.origin.count("/policy")).isEqualTo(2);
  }

  @Test
  void anUnsafeMethodForgetsItsTargetAndWhatItNames() throws Exception {
    // Given
    stored("/policy");
    stored("/policy/other");
    rig.origin.on("/policy", seen -> Answer.text(201, "made", "Location", "/policy/other"));

    // When
    Rig.Got post =
        rig.finish(
            rig.begin(
                "POST",
                "/policy",
                HttpEntities.create("a body".getBytes(StandardCharsets.UTF_8)),
                new CompletableFuture<>()));

    // Then
    assertThat(post.status()).isEqualTo(201);
    assertThat(rig.origin.seen("/policy").getLast().bodyBytes()).isEqualTo(6);
    assertThat(rig.get("/policy/other").cacheStatus()).doesNotContain("hit");
  }

  @Test
  void aHeadOnAMissIsAHeadAndLeadsNothing() {
    // When
    Rig.Got head = rig.send("HEAD", "/policy");

    // Then
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.cacheStatus()).contains("detail=head");
    assertThat(rig.origin.seen("/policy").getFirst().method()).isEqualTo("HEAD");
    assertThat(rig.get("/policy").cacheStatus()).contains("fwd=miss");
  }

  @Test
  void anEntryWhoseBodyIsLostIsFetchedAgain() throws Exception {
    // Given
    stored("/range-data/300000");
    rig.world.loseChunks();

    // When
    // While the fill still pins the chunk, the loss shows only in reading: that answer is cut.
    AtomicReference<Rig.Got> whole = new AtomicReference<>();
    Eventually.holds(() -> catchThrowable(() -> whole.set(rig.get("/range-data/300000"))) == null);

    // Then
    assertThat(whole.get().body()).hasSize(300_000);
    assertThat(whole.get().cacheStatus()).doesNotContain("hit");
    assertThat(rig.origin.count("/range-data/300000")).isEqualTo(2);
  }

  @Test
  void aTruncatedAnswerIsVisiblyCutAndNeverStored() throws Exception {
    // When
    Throwable cut = catchThrowable(() -> rig.get("/truncated"));
    Eventually.holds(rig::nothingRuns);

    // Then
    assertThat(cut).isNotNull();
    Eventually.holds(() -> rig.log.size() == 1);
    assertThat(rig.log.getFirst().complete()).isFalse();
    assertThat(catchThrowable(() -> rig.get("/truncated"))).isNotNull();
  }

  @Test
  void aConnectionThatDiedBeforeAnyByteIsTriedOnceMore() {
    // Given
    AtomicInteger tries = new AtomicInteger();
    rig.origin.on(
        "/flaky",
        seen ->
            tries.incrementAndGet() == 1
                ? Answer.drop()
                : Answer.text(200, "at last", "Cache-Control", "max-age=60"));

    // When
    Rig.Got got = rig.get("/flaky");
    Rig.Got dropped = rig.get("/drop");

    // Then
    assertThat(got.text()).isEqualTo("at last");
    assertThat(dropped.status()).isEqualTo(502);
    assertThat(rig.origin.count("/drop")).isEqualTo(2);
  }

  @Test
  void redirectsAreStoredWithTheirHeads() throws Exception {
    // Given
    stored("/redirect?to=/policy&status=301");

    // When
    Rig.Got second = rig.get("/redirect?to=/policy&status=301");

    // Then
    assertThat(second.status()).isEqualTo(301);
    assertThat(second.headers().first("Location")).isEqualTo("/policy");
    assertThat(second.cacheStatus()).contains("weir;hit");
  }

  @Test
  void aSignedUrlIsProvenOnceThenServed() throws Exception {
    // Given
    String one = "/policy/signed?X-Amz-Date=20300101T000000Z&X-Amz-Expires=600&X-Amz-Signature=aa";
    String two = "/policy/signed?X-Amz-Date=20300101T000000Z&X-Amz-Expires=600&X-Amz-Signature=bb";
    stored(one);

    // When
    Rig.Got same = rig.get(one);
    Rig.Got other = rig.get(two);
    Rig.Got otherAgain = rig.get(two);

    // Then
    assertThat(same.cacheStatus()).contains("weir;hit");
    assertThat(other.cacheStatus()).contains("fwd-status=304");
    assertThat(otherAgain.cacheStatus()).contains("weir;hit");
    assertThat(rig.origin.count("/policy/signed")).isEqualTo(2);
  }

  @Test
  void a304ToCredentialsIsForItsClientAlone() throws Exception {
    // Given
    rig.origin.on(
        "/own",
        seen ->
            seen.isConditional()
                ? Answer.of(304, ofUser(seen.header("Authorization")), new byte[0])
                : Answer.text(200, "all", "ETag", "\"1\"", "Cache-Control", "max-age=60"));
    stored("/own");

    // When
    Rig.Got own = rig.get("/own", "Authorization", "Bearer one", "Cache-Control", "no-cache");
    Eventually.holds(rig::nothingRuns);
    Rig.Got other = rig.get("/own");

    // Then
    assertThat(own.text()).isEqualTo("all");
    assertThat(own.headers().first("X-User")).isEqualTo("Bearer one");
    assertThat(own.cacheStatus()).contains("fwd-status=304").doesNotContain("stored");
    assertThat(other.text()).isEqualTo("all");
    assertThat(other.headers().has("X-User")).isFalse();
    assertThat(other.cacheStatus()).contains("weir;hit");
    assertThat(rig.origin.count("/own")).isEqualTo(2);
  }

  private static Headers ofUser(String user) {
    return Headers.of("ETag", "\"1\"", "Cache-Control", "max-age=60", "X-User", user);
  }

  @Test
  void anAnswerToCredentialsIsNotSharedUnlessItSaysSo() throws Exception {
    // Given
    rig.get("/policy", "Authorization", "Bearer one");
    rig.get("/cache-control/public,max-age=60", "Authorization", "Bearer one");
    Eventually.holds(rig::nothingRuns);

    // When
    Rig.Got secret = rig.get("/policy", "Authorization", "Bearer two");
    Rig.Got shared = rig.get("/cache-control/public,max-age=60", "Authorization", "Bearer two");

    // Then
    assertThat(secret.cacheStatus()).contains("detail=authorization");
    assertThat(shared.cacheStatus()).contains("weir;hit");
  }

  @Test
  void aClientMayChooseItsPolicyOnlyWhereThatIsAllowed() throws Exception {
    // Given
    stored("/policy");
    Rig.Got ignored = rig.get("/policy", "X-Weir-Policy", "NoCache");
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.allow-policy-header = true");
    stored("/policy");

    // When
    Rig.Got heeded = rig.get("/policy", "X-Passsage-Policy", "nocache");

    // Then
    assertThat(ignored.headers().first("X-Proxy-Policy")).isEqualTo("Standard");
    assertThat(heeded.headers().first("X-Proxy-Policy")).isEqualTo("NoCache");
    assertThat(heeded.cacheStatus()).contains("fwd=bypass");
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.0/8, Standard", "127.0.0.0/8, NoCache"})
  void onlyClientsOfTheNamedNetworksMayChooseTheirPolicy(String network, String policy) {
    // Given
    rig.close();
    rig =
        new Rig(
            RuleFiles.defaults(Policy.STANDARD),
            "weir.exchange { allow-policy-header = on, policy-header-clients = [\"%s\"] }"
                .formatted(network));

    // When
    Rig.Got got = rig.get("/headers", "X-Weir-Policy", "NoCache");

    // Then
    assertThat(got.headers().first("X-Proxy-Policy")).isEqualTo(policy);
    assertThat(got.text()).doesNotContain("X-Weir-Policy");
  }

  @Test
  void aClientThatLeavesBeforeTheHeadIsLetGo() throws Exception {
    // Given
    rig.close();
    rig = new Rig(RuleFiles.defaults(Policy.STANDARD), "weir.exchange.client-gone-grace = 20ms");
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    rig.origin.on(
        "/slow",
        seen -> {
          reached.countDown();
          release.await();
          return Answer.text(200, "late", "Cache-Control", "max-age=60");
        });
    CompletableFuture<Done> gone = new CompletableFuture<>();
    CompletableFuture<EdgeResponse> begun = rig.begin("GET", "/slow", gone);
    reached.await();

    // When
    gone.complete(Done.getInstance());

    // Then
    Eventually.holds(() -> !rig.log.isEmpty());
    assertThat(rig.log.getFirst().reason()).isEqualTo(ServeReason.CLIENT_GONE);
    assertThat(begun).isCompleted();
    release.countDown();
  }

  @Test
  void aNearerCachesWordsStayBeforeOurs() {
    // Given
    rig.origin.on(
        "/chained",
        seen ->
            Answer.of(
                200,
                Headers.of("Cache-Status", "inner;hit", "Via", "1.1 inner"),
                "x".getBytes(StandardCharsets.UTF_8)));

    // When
    Rig.Got got = rig.get("/chained");

    // Then
    assertThat(got.cacheStatus()).startsWith("inner;hit, weir;fwd=");
    assertThat(got.headers().combined("Via")).isEqualTo("1.1 inner, 1.1 weir");
  }

  @Test
  void whatNeverChangesIsNotAskedForTwice() throws Exception {
    // Given
    String tarball = "/left-pad/-/left-pad-1.3.0.tgz";
    rig.origin.on(
        tarball,
        seen ->
            Answer.text(200, "tarball", "Cache-Control", "no-cache, max-age=0", "ETag", "\"1\""));
    stored(tarball);
    rig.pass(1_000_000);

    // When
    Rig.Got got = rig.get(tarball, "Cache-Control", "no-cache");

    // Then
    assertThat(got.cacheStatus()).contains("weir;hit");
    assertThat(rig.origin.count(tarball)).isEqualTo(1);
  }

  @Test
  void ourOwnHostIsAnsweredHere() {
    // When
    Rig.Got got = rig.ownHost();

    // Then
    assertThat(got.text()).isEqualTo("ours");
    assertThat(got.cacheStatus()).contains("detail=onboarding");
    assertThat(rig.origin.seen()).isEmpty();
  }
}
