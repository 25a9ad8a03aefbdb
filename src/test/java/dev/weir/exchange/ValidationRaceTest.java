package dev.weir.exchange;

import static dev.weir.exchange.Race.READERS;
import static dev.weir.exchange.Race.TARGET;
import static dev.weir.exchange.Race.all;
import static dev.weir.exchange.Race.fields;
import static dev.weir.exchange.Race.pass;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.ProxyClient.Response;
import dev.weir.testing.Seen;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Readers of one stale response at the same time: one validation, whose outcome is everybody's. */
final class ValidationRaceTest {
  private final Race race = new Race();

  @AfterEach
  void stop() {
    race.close();
  }

  /** Answer 1 is stored and stale already; what follows waits for the test. */
  private void stale(String cacheControl, int status, @Nullable String said) throws Exception {
    race.rig.origin.on(
        TARGET,
        seen -> {
          if (seen.method().equals("PUT")) {
            return Answer.text(204, "");
          }
          if (race.answers.get() == 0) {
            return race.numbered(200, "Cache-Control", cacheControl, "Age", "100", "ETag", "\"a\"");
          }
          pass(race.head);
          return status == 0 ? Answer.drop() : race.numbered(status, fields(said));
        });
    assertThat(race.get().text()).isEqualTo("answer 1");
    race.settle();
  }

  @ParameterizedTest(name = "{0}, then {1} {2}: {3}")
  @CsvSource(
      delimiter = '|',
      value = {
        // stored with, validation's status and fields, readers' status, their bodies,
        // origin requests, next
        "max-age=60                     | 304 |                           | 200 | 1 | 2 | hit",
        "max-age=60                     | 304 | ETag: \"a\"               | 200 | 1 | 2 | hit",
        "max-age=60                     | 304 | Cache-Control: max-age=600 | 200 | 1 | 2 | hit",
        "max-age=60                     | 304 | Age: 100                  | 200 | 1 | 2 | asked",
        "max-age=60, must-revalidate    | 304 |                           | 200 | 1 | 2 | hit",
        "no-cache                       | 304 |                           | 200 | 1 | 2 | asked",
        "max-age=60                     | 200 | Cache-Control: max-age=60 | 200 | 1 | 2 | hit",
        "max-age=60                     | 200 | Cache-Control: max-age=0  | 200 | 1 | 2 | asked",
        "max-age=60                     | 200 | Cache-Control: no-store   | 200 | 8 | 9 | asked",
        "max-age=60                     | 404 |                           | 404 | 1 | 2 | asked",
        "max-age=60                     | 403 |                           | 403 | 8 | 9 | asked",
        "max-age=60                     | 500 |                           | 500 | 1 | 2 | asked",
        "max-age=60, stale-if-error=600 | 500 |                           | 200 | 1 | 2 | asked",
        "max-age=60, stale-if-error=600 | 404 |                           | 404 | 1 | 2 | asked",
        "max-age=60, immutable          | 503 |                           | 200 | 1 | 2 | asked",
        "max-age=60                     | 0   |                           | 200 | 1 | 2 | asked",
      })
  void oneValidationIsEverybodysAnswer(
      String stored,
      int status,
      @Nullable String said,
      int expected,
      int bodies,
      int requests,
      String next)
      throws Exception {
    // Given
    stale(stored, status, said);
    int asked = race.rig.questions();
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(asked + READERS);

    // When
    race.head.countDown();
    List<Response> heard = all(running);
    race.settle();
    long seen = race.rig.origin.count(TARGET);
    Response last = race.get();

    // Then
    assertThat(heard).extracting(Response::status).containsOnly(expected);
    // A reader whose answer from the keeper comes after the head validates by itself where each use
    // must be validated: how many do is the machine's affair, never how old an answer may be.
    boolean mayAskAgain = expected == 200 && next.equals("asked");
    long most = mayAskAgain ? READERS + 1 : requests;
    assertThat(seen).isBetween((long) requests, most);
    if (seen == requests) {
      assertThat(heard.stream().map(Response::text).distinct()).hasSize(bodies);
    }
    boolean isStored = status == 304 || (expected == 200 && status != 200);
    assertThat(heard.getFirst().text().equals("answer 1")).isEqualTo(isStored);
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(seen + (next.equals("hit") ? 0 : 1));
    assertThat(last.header("Cache-Status").contains("detail=fresh")).isEqualTo(next.equals("hit"));
  }

  @Test
  void allAreServedAtOnceWhileOneValidationRuns() throws Exception {
    // Given
    stale("max-age=60, stale-while-revalidate=600", 304, "Cache-Control: max-age=600");

    // When: the origin does not answer yet
    List<Response> heard = all(race.rig.clients(READERS, TARGET));
    Eventually.holds(() -> race.rig.origin.count(TARGET) == 2);
    Response another = race.get();
    race.head.countDown();
    race.settle();

    // Then
    assertThat(heard).extracting(Response::text).containsOnly("answer 1");
    assertThat(heard)
        .allMatch(one -> one.header("Cache-Status").contains("detail=stale-while-revalidate"));
    assertThat(another.text()).isEqualTo("answer 1");
    assertThat(race.get().header("Cache-Status")).contains("detail=fresh");
    assertThat(race.rig.origin.count(TARGET)).isEqualTo(2);
    assertThat(race.rig.origin.count(TARGET, Seen::isConditional)).isEqualTo(1);
  }

  @Test
  void whatIsChangedBehindAValidationIsNotRevivedByIt() throws Exception {
    // Given: a validation runs, and meanwhile the resource is changed through this cache
    stale("max-age=60", 304, "Cache-Control: max-age=600");
    int asked = race.rig.questions();
    List<CompletableFuture<Response>> running = race.rig.clients(READERS, TARGET);
    race.rig.awaitQuestions(asked + READERS);
    Eventually.holds(() -> race.rig.origin.count(TARGET) == 2);
    assertThat(Race.got(race.rig.client("PUT", TARGET)).status()).isEqualTo(204);

    // When
    race.head.countDown();
    all(running);
    race.settle();

    // Then
    assertThat(race.get().header("Cache-Status")).doesNotContain(";hit");
  }
}
