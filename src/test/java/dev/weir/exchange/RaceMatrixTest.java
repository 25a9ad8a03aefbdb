package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.http.Headers;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient.Response;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Readers of one key at the same time, each over a connection of its own: who shares whose response
 * and what the origin sees of them, whatever it answers, whoever comes late or leaves early.
 */
final class RaceMatrixTest {
  private static final int READERS = 8;
  private static final String TARGET = "/race";

  private final CountDownLatch head = new CountDownLatch(1);
  private final CountDownLatch rest = new CountDownLatch(1);
  private final AtomicInteger answers = new AtomicInteger();
  private Rig rig = new Rig(Policy.STANDARD);

  @AfterEach
  void stop() {
    head.countDown();
    rest.countDown();
    rig.close();
  }

  private void settings(String overrides) {
    rig.close();
    rig = new Rig(PolicyTable.defaults(Policy.STANDARD), overrides);
  }

  /** Each answer says in its body the how-manieth it is. */
  private Answer numbered(int status, String... fields) {
    return Answer.text(status, "answer " + answers.incrementAndGet(), fields);
  }

  /** Fields as the tables write them: {@code Name: value; Name: value}. */
  private static String[] fields(@Nullable String text) {
    if (text == null || text.isBlank()) {
      return new String[0];
    }
    return Arrays.stream(text.split(";"))
        .flatMap(field -> Arrays.stream(field.split(":", 2)))
        .map(String::strip)
        .toArray(String[]::new);
  }

  private static List<Response> all(List<CompletableFuture<Response>> running) throws Exception {
    List<Response> heard = new ArrayList<>();
    for (CompletableFuture<Response> one : running) {
      heard.add(got(one));
    }
    return heard;
  }

  private static Response got(CompletableFuture<Response> running) throws Exception {
    return running.get(30, TimeUnit.SECONDS);
  }

  private static void open(CountDownLatch gate) throws InterruptedException {
    if (!gate.await(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the test has forgotten the origin");
    }
  }

  private void settle() throws Exception {
    Eventually.holds(rig::nothingRuns);
  }

  /** {@code next} is what a reader gets who comes when all is over. */
  @ParameterizedTest(name = "{0} {1}: {2} bodies of {3} requests, then {4}")
  @CsvSource(
      delimiter = '|',
      value = {
        // status, fields of the response, bodies among the readers, origin requests, next
        "200 | Cache-Control: max-age=60 | 1 | 1 | hit",
        "200 | Cache-Control: max-age=60; Set-Cookie: a=b | 1 | 1 | hit",
        "200 | Cache-Control: max-age=60; Vary: Accept | 1 | 1 | hit",
        "200 | Last-Modified: Thu, 01 Jan 2015 00:00:00 GMT | 1 | 1 | hit",
        "200 | Cache-Control: no-cache; ETag: \"a\" | 1 | 1 | asked",
        "200 | Cache-Control: max-age=0; ETag: \"a\" | 1 | 1 | asked",
        "200 | Cache-Control: s-maxage=60 | 1 | 1 | hit",
        "200 | Cache-Control: private, max-age=60; CDN-Cache-Control: max-age=60 | 1 | 1 | hit",
        "200 | Cache-Control: max-age=60; CDN-Cache-Control: no-store | 8 | 8 | asked",
        "200 | Cache-Control: no-store | 8 | 8 | asked",
        "200 | Cache-Control: private | 8 | 8 | asked",
        "200 | Cache-Control: max-age=60; Vary: * | 8 | 8 | asked",
        "200 | Set-Cookie: a=b | 8 | 8 | asked",
        "301 | Cache-Control: max-age=60; Location: /other | 1 | 1 | hit",
        "302 | Location: /other | 8 | 8 | asked",
        "401 | WWW-Authenticate: Basic | 8 | 8 | asked",
        "403 |  | 8 | 8 | asked",
        "404 | Cache-Control: max-age=60 | 1 | 1 | hit",
        "404 |  | 1 | 1 | asked",
        "404 | Cache-Control: private | 8 | 8 | asked",
        "429 | Retry-After: 1 | 1 | 1 | asked",
        "500 |  | 1 | 1 | asked",
        "503 | Cache-Control: no-store | 1 | 1 | asked",
        "503 | Cache-Control: max-age=60 | 1 | 1 | hit",
      })
  void whoHasComeBeforeTheHeadSharesWhatMayBeShared(
      int status, @Nullable String said, int bodies, int requests, String next) throws Exception {
    // Given
    rig.origin.on(
        TARGET,
        seen -> {
          open(head);
          return numbered(status, fields(said));
        });
    List<CompletableFuture<Response>> running = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS);

    // When
    head.countDown();
    List<Response> heard = all(running);
    settle();
    Response last = got(rig.client("GET", TARGET));

    // Then
    assertThat(heard).extracting(Response::status).containsOnly(status);
    assertThat(heard.stream().map(Response::text).distinct()).hasSize(bodies);
    assertThat(last.isHit()).as(last.header("Cache-Status")).isEqualTo(next.equals("hit"));
    assertThat(rig.origin.count(TARGET)).isEqualTo(requests + (next.equals("hit") ? 0 : 1));
  }

  /** The origin has sent the head and "first", and sends "second" when the test lets it. */
  private void inTwoPieces(String... fields) {
    rig.origin.on(
        TARGET,
        seen -> {
          boolean first = answers.incrementAndGet() == 1;
          return first
              ? Answer.stream(
                  200,
                  Headers.of(fields),
                  11,
                  out -> {
                    out.write("first".getBytes(StandardCharsets.UTF_8));
                    open(rest);
                    out.write("second".getBytes(StandardCharsets.UTF_8));
                  })
              : Answer.text(200, "another", fields);
        });
  }

  private RawClient leader() {
    RawClient leader = rig.begun(TARGET);
    assertThat(leader.head()).startsWith("HTTP/1.1 200 ");
    assertThat(leader.read(5)).isEqualTo("first");
    return leader;
  }

  @ParameterizedTest(name = "{0} {1}: {2} {3}, {4} requests")
  @CsvSource({
    // what comes while the body arrives, before its second half is sent
    "HEAD, ,                                  200, '',      1",
    "GET,  Range: bytes=1-3,                  206, irs,     1",
    "GET,  Range: bytes=11-,                  416, '',      1",
    "GET,  If-None-Match: \"a\",              304, '',      1",
    "GET,  If-Match: \"b\",                   412, -,       1",
    "GET,  Cache-Control: only-if-cached,     504, -,       1",
    "GET,  Cache-Control: no-cache,           200, another, 2",
    "GET,  Cache-Control: no-store,           200, another, 2",
    "POST, ,                                  200, another, 2",
  })
  void whoComesWhileTheBodyArrivesWaitsForNoMoreThanItWants(
      String method, @Nullable String said, int status, String body, int requests)
      throws Exception {
    // Given
    inTwoPieces("Cache-Control", "max-age=60", "ETag", "\"a\"");
    RawClient leader = leader();

    // When
    Response late = got(rig.client(method, TARGET, fields(said)));
    rest.countDown();

    // Then
    assertThat(late.status()).isEqualTo(status);
    assertThat(body.equals("-") || late.text().equals(body)).as(late.text()).isTrue();
    assertThat(leader.read(6)).isEqualTo("second");
    assertThat(rig.origin.count(TARGET)).isEqualTo(requests);
  }

  @Test
  void readersWithCredentialsShareNothingThatIsNotSaidToBePublic() throws Exception {
    // Given
    rig.origin.on(
        TARGET,
        seen -> {
          open(head);
          return numbered(200, "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running =
        rig.clients(READERS, TARGET, "Authorization", "Basic YTpi");

    // When: every one of them is at the origin, none waits for another
    Eventually.holds(() -> rig.origin.count(TARGET) == READERS);
    head.countDown();

    // Then
    assertThat(all(running).stream().map(Response::text).distinct()).hasSize(READERS);
    assertThat(got(rig.client("GET", TARGET)).isHit()).isFalse();
  }

  @ParameterizedTest(name = "{0} leaves")
  @ValueSource(strings = {"the leader", "a follower"})
  void whoLeavesBeforeTheHeadIsMissedByNobody(String who) throws Exception {
    // Given
    settings("weir.exchange.client-gone-grace = 20ms");
    rig.origin.on(
        TARGET,
        seen -> {
          open(head);
          return numbered(200, "Cache-Control", "max-age=60");
        });
    RawClient first = rig.begun(TARGET);
    rig.awaitQuestions(1);
    RawClient second = rig.begun(TARGET);
    rig.awaitQuestions(2);
    List<CompletableFuture<Response>> others = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS + 2);

    // When
    (who.equals("the leader") ? first : second).close();
    Eventually.holds(() -> rig.log.size() == 1);
    head.countDown();

    // Then
    assertThat(all(others)).extracting(Response::text).containsOnly("answer 1");
    assertThat((who.equals("the leader") ? second : first).response()).endsWith("answer 1");
    assertThat(rig.origin.count(TARGET)).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0} leaves")
  @ValueSource(strings = {"the leader", "a follower"})
  void whoLeavesWithinTheBodyIsMissedByNobody(String who) throws Exception {
    // Given
    settings("weir.exchange.client-gone-grace = 20ms");
    inTwoPieces("Cache-Control", "max-age=60");
    RawClient first = leader();
    RawClient second = leader();
    List<CompletableFuture<Response>> others = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS + 2);

    // When
    (who.equals("the leader") ? first : second).close();
    Eventually.holds(() -> rig.log.size() == 1);
    rest.countDown();

    // Then
    assertThat(all(others)).extracting(Response::text).containsOnly("firstsecond");
    assertThat((who.equals("the leader") ? second : first).read(6)).isEqualTo("second");
    assertThat(rig.origin.count(TARGET)).isEqualTo(1);
  }

  @Test
  void whatEverybodyHasLeftIsStoredIfItIsSmall() throws Exception {
    // Given
    settings("weir.exchange.client-gone-grace = 20ms");
    inTwoPieces("Cache-Control", "max-age=60");
    RawClient first = leader();
    RawClient second = leader();

    // When
    first.close();
    second.close();
    Eventually.holds(() -> rig.log.size() == 2);
    rest.countDown();
    settle();

    // Then
    Response later = got(rig.client("GET", TARGET));
    assertThat(later.isHit()).isTrue();
    assertThat(later.text()).isEqualTo("firstsecond");
    assertThat(rig.origin.count(TARGET)).isEqualTo(1);
  }

  @Test
  void aReaderThatStallsHoldsNobodyUp() throws Exception {
    // Given: more than any socket takes up for a client that does not read
    String large = "/range-data/30000000";
    RawClient stalled = rig.begun(large);
    assertThat(stalled.head()).startsWith("HTTP/1.1 200 ");

    // When
    List<Response> others = all(rig.clients(3, large));

    // Then
    assertThat(others).allMatch(one -> one.body().length == 30_000_000);
    assertThat(rig.origin.count(large)).isEqualTo(1);
    stalled.close();
  }

  @Test
  void aBodyThatIsCutIsCutForAllAndStoredForNobody() throws Exception {
    // Given
    rig.origin.on(
        TARGET,
        seen -> {
          open(head);
          Headers fields = Headers.of("Cache-Control", "max-age=60");
          return answers.incrementAndGet() == 1
              ? Answer.truncated(fields, 20, "first".getBytes(StandardCharsets.UTF_8))
              : Answer.text(200, "whole", "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS);

    // When
    head.countDown();

    // Then
    for (CompletableFuture<Response> one : running) {
      assertThat(one).failsWithin(30, TimeUnit.SECONDS);
    }
    settle();
    assertThat(got(rig.client("GET", TARGET)).text()).isEqualTo("whole");
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void anOriginThatHangsUpIsAskedOnceMoreByAllTogether() throws Exception {
    // Given
    CountDownLatch once = new CountDownLatch(1);
    rig.origin.on(
        TARGET,
        seen -> {
          boolean first = answers.incrementAndGet() == 1;
          open(first ? once : head);
          return first ? Answer.drop() : numbered(200, "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS);

    // When
    once.countDown();
    rig.awaitQuestions(2 * READERS);
    head.countDown();

    // Then
    assertThat(all(running)).extracting(Response::status).containsOnly(200);
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void aFollowerWhosePatienceEndsGoesAlone() throws Exception {
    // Given
    settings("weir.exchange.head-wait = 100ms");
    rig.origin.on(
        TARGET,
        seen -> {
          if (answers.incrementAndGet() == 1) {
            open(head);
          }
          return Answer.text(200, "mine", "Cache-Control", "max-age=60");
        });
    CompletableFuture<Response> leader = rig.client("GET", TARGET);
    rig.awaitQuestions(1);
    Eventually.holds(() -> rig.origin.count(TARGET) == 1);

    // When
    Response follower = got(rig.client("GET", TARGET));

    // Then
    assertThat(follower.header("Cache-Status")).contains("detail=wait-expired");
    assertThat(leader).isNotDone();
    head.countDown();
    assertThat(got(leader).status()).isEqualTo(200);
    assertThat(rig.origin.count(TARGET)).isEqualTo(2);
  }

  @ParameterizedTest(name = "purged {0}")
  @ValueSource(strings = {"before the head", "within the body"})
  void aPurgeEndsNoReaderAndLeavesNothing(String when) throws Exception {
    // Given
    AtomicInteger gets = new AtomicInteger();
    rig.origin.on(
        TARGET,
        seen -> {
          if (!seen.method().equals("GET")) {
            return Answer.text(204, "");
          }
          int number = gets.incrementAndGet();
          byte[] body = ("answer " + number).getBytes(StandardCharsets.UTF_8);
          Headers fields = Headers.of("Cache-Control", "max-age=60");
          if (number > 1) {
            return Answer.of(200, fields, body);
          }
          if (when.equals("before the head")) {
            open(rest);
          }
          return Answer.stream(
              200,
              fields,
              body.length,
              out -> {
                out.write(body, 0, 3);
                open(rest);
                out.write(body, 3, body.length - 3);
              });
        });
    List<CompletableFuture<Response>> before = rig.clients(READERS, TARGET);
    rig.awaitQuestions(READERS);
    Eventually.holds(() -> gets.get() == 1);

    // When
    int status = got(rig.client("DELETE", TARGET)).status();
    List<Response> after = all(rig.clients(READERS, TARGET));
    rest.countDown();

    // Then
    assertThat(status).isEqualTo(204);
    assertThat(after).extracting(Response::text).containsOnly("answer 2");
    assertThat(all(before)).extracting(Response::text).containsOnly("answer 1");
    settle();
    assertThat(got(rig.client("GET", TARGET)).text()).isEqualTo("answer 2");
    assertThat(gets).hasValue(2);
  }
}
