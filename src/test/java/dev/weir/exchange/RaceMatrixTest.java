package dev.weir.exchange;

import static dev.weir.exchange.Race.READERS;
import static dev.weir.exchange.Race.TARGET;
import static dev.weir.exchange.Race.all;
import static dev.weir.exchange.Race.fields;
import static dev.weir.exchange.Race.got;
import static dev.weir.exchange.Race.pass;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.edge.RawClient;
import dev.weir.http.Headers;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient.Response;
import dev.weir.testing.Seen;
import java.nio.charset.StandardCharsets;
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
  private Race race = new Race();

  @AfterEach
  void stop() {
    race.close();
  }

  private void settings(String overrides) {
    race.close();
    race = new Race(overrides);
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
        "500 | Cache-Control: private | 8 | 8 | asked",
        "503 | Cache-Control: no-store | 1 | 1 | asked",
        "503 | Cache-Control: max-age=60 | 1 | 1 | hit",
      })
  void whoHasComeBeforeTheHeadSharesWhatMayBeShared(
      int status, @Nullable String said, int bodies, int requests, String next) throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return race.numbered(status, fields(said));
        });
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS);

    // When
    race.head.countDown();
    List<Response> heard = all(running);
    race.settle();
    Response last = race.get();

    // Then
    assertThat(heard).extracting(Response::status).containsOnly(status);
    assertThat(heard.stream().map(Response::text).distinct()).hasSize(bodies);
    assertThat(last.isHit()).as(last.header("Cache-Status")).isEqualTo(next.equals("hit"));
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(requests + (next.equals("hit") ? 0 : 1));
  }

  @Test
  void theCookieOfAnErrorThatAllShareIsTheLeadersAlone() throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return race.numbered(503, "Set-Cookie", "session=1");
        });
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS);

    // When
    race.head.countDown();
    List<Response> heard = all(running);

    // Then
    assertThat(heard).extracting(Response::text).containsOnly("answer 1");
    assertThat(heard).filteredOn(one -> one.headers().has("Set-Cookie")).hasSize(1);
  }

  /** The origin has sent the head and "first", and sends "second" when the test lets it. */
  private void inTwoPieces(String... fields) {
    race.rig.origin.on(
        TARGET,
        seen -> {
          boolean first = race.answers.incrementAndGet() == 1;
          return first
              ? Answer.stream(
                  200,
                  Headers.of(fields),
                  11,
                  out -> {
                    out.write("first".getBytes(StandardCharsets.UTF_8));
                    pass(race.rest);
                    out.write("second".getBytes(StandardCharsets.UTF_8));
                  })
              : Answer.text(200, "another", fields);
        });
  }

  private RawClient leader() {
    RawClient leader = race.rig.begun(TARGET);
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
    Response late = got(race.rig.client(method, TARGET, fields(said)));
    race.rest.countDown();

    // Then
    assertThat(late.status()).isEqualTo(status);
    assertThat(body.equals("-") || late.text().equals(body)).as(late.text()).isTrue();
    assertThat(leader.read(6)).isEqualTo("second");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(requests);
  }

  @Test
  void readersWithCredentialsShareNothingThatIsNotSaidToBePublic() throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return race.numbered(200, "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running =
        race.rig.clients(READERS, TARGET, "Authorization", "Basic YTpi");

    // When: every one of them is at the origin, none waits for another
    Eventually.holds(() -> race.rig.origin.count(TARGET) == READERS);
    race.head.countDown();

    // Then
    assertThat(all(running).stream().map(Response::text).distinct()).hasSize(READERS);
    assertThat(race.get().isHit()).isFalse();
  }

  @ParameterizedTest(name = "{0} leaves")
  @ValueSource(strings = {"the leader", "a follower"})
  void whoLeavesBeforeTheHeadIsMissedByNobody(String who) throws Exception {
    // Given
    settings("weir.exchange.client-gone-grace = 20ms");
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return race.numbered(200, "Cache-Control", "max-age=60");
        });
    RawClient first = race.rig.begun(TARGET);
    race.rig.awaitQuestions(1);
    RawClient second = race.rig.begun(TARGET);
    race.rig.awaitQuestions(2);
    List<CompletableFuture<Response>> others = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS + 2);

    // When
    (who.equals("the leader") ? first : second).close();
    Eventually.holds(() -> race.rig.log.size() == 1);
    race.head.countDown();

    // Then
    assertThat(all(others)).extracting(Response::text).containsOnly("answer 1");
    assertThat((who.equals("the leader") ? second : first).response()).endsWith("answer 1");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0} leaves")
  @ValueSource(strings = {"the leader", "a follower"})
  void whoLeavesWithinTheBodyIsMissedByNobody(String who) throws Exception {
    // Given
    settings("weir.exchange.client-gone-grace = 20ms");
    inTwoPieces("Cache-Control", "max-age=60");
    RawClient first = leader();
    RawClient second = leader();
    List<CompletableFuture<Response>> others = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS + 2);

    // When
    (who.equals("the leader") ? first : second).close();
    Eventually.holds(() -> race.rig.log.size() == 1);
    race.rest.countDown();

    // Then
    assertThat(all(others)).extracting(Response::text).containsOnly("firstsecond");
    assertThat((who.equals("the leader") ? second : first).read(6)).isEqualTo("second");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(1);
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
    Eventually.holds(() -> race.rig.log.size() == 2);
    race.rest.countDown();
    race.settle();

    // Then
    Response later = race.get();
    assertThat(later.isHit()).isTrue();
    assertThat(later.text()).isEqualTo("firstsecond");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(1);
  }

  @Test
  void aReaderThatStallsHoldsNobodyUp() throws Exception {
    // Given: more than any socket takes up for a client that does not read
    String large = "/range-data/30000000";
    RawClient stalled = race.rig.begun(large);
    assertThat(stalled.head()).startsWith("HTTP/1.1 200 ");

    // When
    List<Response> others = all(race.rig.clients(3, large));

    // Then
    assertThat(others).allMatch(one -> one.body().length == 30_000_000);
    assertThat(race.rig.origin.count(large)).isEqualTo(1);
    stalled.close();
  }

  @Test
  void aBodyThatIsCutIsCutForAllAndStoredForNobody() throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          Headers fields = Headers.of("Cache-Control", "max-age=60");
          return race.answers.incrementAndGet() == 1
              ? Answer.truncated(fields, 20, "first".getBytes(StandardCharsets.UTF_8))
              : Answer.text(200, "whole", "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS);

    // When
    race.head.countDown();

    // Then
    for (CompletableFuture<Response> one : running) {
      assertThat(one).failsWithin(30, TimeUnit.SECONDS);
    }
    race.settle();
    assertThat(race.get().text()).isEqualTo("whole");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void anOriginThatHangsUpIsAskedOnceMoreByAllTogether() throws Exception {
    // Given
    CountDownLatch once = new CountDownLatch(1);
    race.rig.origin.on(
        TARGET,
        seen -> {
          boolean first = race.answers.incrementAndGet() == 1;
          pass(first ? once : race.head);
          return first ? Answer.drop() : race.numbered(200, "Cache-Control", "max-age=60");
        });
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS);

    // When
    once.countDown();
    race.rig.awaitQuestions(2 * READERS);
    race.head.countDown();

    // Then
    assertThat(all(running)).extracting(Response::status).containsOnly(200);
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(2);
  }

  @Test
  void theWaitOfAFollowerBeganOnlyWhenTheHeadWasThere() throws Exception {
    // Given
    settings("weir.exchange.head-wait = 100ms");
    race.rig.origin.on(
        TARGET,
        seen -> {
          if (race.answers.incrementAndGet() == 1) {
            pass(race.head);
          }
          return Answer.text(200, "mine", "Cache-Control", "max-age=60");
        });
    CompletableFuture<Response> leader = race.rig.client("GET", TARGET);
    race.rig.awaitQuestions(1);
    Eventually.holds(() -> race.rig.origin.count(TARGET) == 1);

    // When
    Response follower = race.get();

    // Then
    assertThat(follower.header("Cache-Status")).contains("detail=wait-expired");
    assertThat(leader).isNotDone();
    race.head.countDown();
    assertThat(got(leader).status()).isEqualTo(200);
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(2);
  }

  @ParameterizedTest(name = "purged {0}, then {1} readers")
  @CsvSource({
    "before the head, 0",
    "before the head, 8",
    "within the body, 0",
    "within the body, 8"
  })
  void aPurgeEndsNoReaderAndLeavesNothing(String when, int readers) throws Exception {
    // Given
    AtomicInteger gets = new AtomicInteger();
    race.rig.origin.on(
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
            pass(race.rest);
          }
          return Answer.stream(
              200,
              fields,
              body.length,
              out -> {
                out.write(body, 0, 3);
                pass(race.rest);
                out.write(body, 3, body.length - 3);
              });
        });
    List<CompletableFuture<Response>> before = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(READERS);
    Eventually.holds(() -> gets.get() == 1);

    // When
    int status = got(race.rig.client("DELETE", TARGET)).status();
    List<Response> after = all(race.rig.clients(readers, TARGET));
    race.rest.countDown();

    // Then
    assertThat(status).isEqualTo(204);
    assertThat(after).hasSize(readers).allMatch(one -> one.text().equals("answer 2"));
    assertThat(all(before)).extracting(Response::text).containsOnly("answer 1");
    race.settle();
    assertThat(race.get().text()).isEqualTo("answer 2");
    assertThat(gets).hasValue(2);
  }

  /** The origin has only so much to say of a range: the last three bytes of eight. */
  @ParameterizedTest(name = "{0} {1} first: {2}, {3} requests")
  @CsvSource(
      delimiter = '|',
      value = {
        // who is first, what it gets, origin requests
        "HEAD |                               | 200 | 2",
        "GET  | Range: bytes=0-3              | 206 | 1",
        "GET  | Range: bytes=-3               | 206 | 2",
        "GET  | Range: bytes=100-             | 416 | 1",
        "GET  | If-None-Match: \"a\"          | 304 | 1",
        "GET  | If-None-Match: \"b\"          | 200 | 1",
        "GET  | If-Match: \"b\"               | 412 | 1",
        "GET  | Range: bytes=0-3; If-Range: \"b\" | 200 | 1",
        "GET  | Cache-Control: no-cache       | 200 | 1",
        "GET  | Cache-Control: no-store       | 200 | 2",
        "GET  | Cache-Control: only-if-cached | 504 | 1",
      })
  void whateverIsAskedForFirstTheOthersGetTheWholeOfOneFetch(
      String method, @Nullable String said, int status, int requests) throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return seen.isRange()
              ? Answer.text(206, "r 1", "Content-Range", "bytes 5-7/8", "ETag", "\"a\"")
              : Answer.text(200, "answer 1", "Cache-Control", "max-age=60", "ETag", "\"a\"");
        });
    CompletableFuture<Response> first = race.rig.client(method, TARGET, fields(said));
    Eventually.holds(() -> first.isDone() || race.rig.origin.count(TARGET) == 1);
    int asked = race.rig.questions();

    // When
    List<CompletableFuture<Response>> others = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(asked + READERS);
    race.head.countDown();

    // Then
    assertThat(got(first).status()).isEqualTo(status);
    assertThat(all(others)).extracting(Response::text).containsOnly("answer 1");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(requests);
    assertThat(race.rig.origin.count(TARGET, Seen::isConditional)).isZero();
  }

  @Test
  void eachVariantIsFetchedOnceForAllWhoWantIt() throws Exception {
    // Given: two Vary lines, one field named twice, and one that no reader sends
    race.rig.origin.on(
        TARGET,
        seen -> {
          pass(race.head);
          return Answer.text(
              200,
              "in " + seen.header("Accept-Language"),
              "Cache-Control",
              "max-age=60",
              "Vary",
              "Accept-Language, X-Never",
              "Vary",
              "accept-language");
        });
    List<CompletableFuture<Response>> german =
        race.rig.clients(READERS, TARGET, "Accept-Language", "de", "User-Agent", "one");
    List<CompletableFuture<Response>> french =
        race.rig.clients(READERS, TARGET, "Accept-Language", "fr", "User-Agent", "two");
    race.rig.awaitQuestions(2 * READERS);

    // When
    race.head.countDown();

    // Then
    assertThat(all(german)).extracting(Response::text).containsOnly("in de");
    assertThat(all(french)).extracting(Response::text).containsOnly("in fr");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(2);
    race.settle();
    Response later = got(race.rig.client("GET", TARGET, "Accept-Language", "fr"));
    assertThat(later.isHit()).isTrue();
  }

  @Test
  void nobodyWaitsForWhatCouldNotBeStoredLastTimeUntilItCan() throws Exception {
    // Given
    race.rig.origin.on(
        TARGET,
        seen -> {
          boolean first = race.rig.origin.count(TARGET) == 1;
          if (!first) {
            pass(race.head);
          }
          return race.numbered(200, "Cache-Control", first ? "no-store" : "max-age=60");
        });
    race.get();
    race.settle();

    // When: it may be stored now, which nobody knows before its head
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    Eventually.holds(() -> race.rig.origin.count(TARGET) == 1 + READERS);
    race.head.countDown();

    // Then
    assertThat(all(running)).extracting(Response::status).containsOnly(200);
    race.settle();
    assertThat(race.get().isHit()).isTrue();
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(1 + READERS);
  }
}
