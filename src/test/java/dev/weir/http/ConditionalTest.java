package dev.weir.http;

import static dev.weir.http.Conditional.Outcome.NOT_MODIFIED;
import static dev.weir.http.Conditional.Outcome.PRECONDITION_FAILED;
import static dev.weir.http.Conditional.Outcome.PROCEED;
import static dev.weir.http.Samples.get;
import static dev.weir.http.Samples.secondsAfter;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Conditional.Outcome;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConditionalTest {
  private static final String MODIFIED = secondsAfter(-1000);

  static Stream<Arguments> table() {
    return Stream.of(
        row(PROCEED),
        row(NOT_MODIFIED, "If-None-Match", "\"a\""),
        row(NOT_MODIFIED, "If-None-Match", "W/\"a\""),
        row(NOT_MODIFIED, "If-None-Match", "\"x\" , \"a\""),
        row(NOT_MODIFIED, "If-None-Match", "\"x\"", "If-None-Match", "\"a\""),
        row(NOT_MODIFIED, "If-None-Match", "*"),
        row(PROCEED, "If-None-Match", "\"x,a\""),
        row(PROCEED, "If-None-Match", "\"x\", \"y\""),
        row(NOT_MODIFIED, "If-Modified-Since", MODIFIED),
        row(NOT_MODIFIED, "If-Modified-Since", secondsAfter(-999)),
        row(PROCEED, "If-Modified-Since", secondsAfter(-1001)),
        row(PROCEED, "If-Modified-Since", "yesterday"),
        row(PROCEED, "If-Modified-Since", MODIFIED, "If-Modified-Since", MODIFIED),
        // If-None-Match decides alone where both are there.
        row(PROCEED, "If-None-Match", "\"x\"", "If-Modified-Since", MODIFIED),
        row(PROCEED, "If-Match", "\"a\""),
        row(PROCEED, "If-Match", "*"),
        row(PRECONDITION_FAILED, "If-Match", "\"x\""),
        row(PRECONDITION_FAILED, "If-Match", "W/\"a\""),
        row(NOT_MODIFIED, "If-Match", "\"a\"", "If-None-Match", "\"a\""),
        row(PROCEED, "If-Unmodified-Since", MODIFIED),
        row(PRECONDITION_FAILED, "If-Unmodified-Since", secondsAfter(-1001)),
        row(PROCEED, "If-Unmodified-Since", "x"),
        row(PROCEED, "If-Match", "\"a\"", "If-Unmodified-Since", secondsAfter(-1001)));
  }

  private static Arguments row(Outcome outcome, String... fields) {
    return Arguments.of(outcome, fields);
  }

  @ParameterizedTest
  @MethodSource("table")
  void evaluates(Outcome outcome, String[] fields) {
    StoredResponse stored = stored("ETag", "\"a\"", "Last-Modified", MODIFIED);
    assertThat(Conditional.evaluate(get(fields), stored)).isEqualTo(outcome);
    assertThat(Conditional.evaluate(get(fields).withMethod("HEAD"), stored)).isEqualTo(outcome);
  }

  @Test
  void onlySuccessfulResponsesAreSubjectToConditions() {
    StoredResponse redirect = stored(301, "ETag", "\"a\"");
    assertThat(Conditional.evaluate(get("If-None-Match", "\"a\""), redirect)).isEqualTo(PROCEED);
    assertThat(Conditional.evaluate(get("If-Match", "\"x\""), redirect)).isEqualTo(PROCEED);
  }

  @Test
  void withoutLastModifiedTheDateStandsIn() {
    StoredResponse stored = stored("ETag", "\"a\"");
    assertThat(Conditional.evaluate(get("If-Modified-Since", secondsAfter(0)), stored))
        .isEqualTo(NOT_MODIFIED);
    assertThat(Conditional.evaluate(get("If-Modified-Since", secondsAfter(-1)), stored))
        .isEqualTo(PROCEED);
  }

  @Test
  void validatingReplacesTheClientsOwnConditions() {
    // Given
    Headers request =
        Headers.of("Accept", "x", "If-None-Match", "\"old\"", "Range", "bytes=0-", "Expect", "y");
    FreshnessInfo info = FreshnessInfo.of(stored("ETag", "W/\"a\"", "Last-Modified", MODIFIED));
    // Then
    assertThat(Conditional.validating(request, info))
        .isEqualTo(
            Headers.of("Accept", "x", "If-None-Match", "W/\"a\"", "If-Modified-Since", MODIFIED));
    assertThat(Conditional.validating(request, FreshnessInfo.of(stored())))
        .isEqualTo(Headers.of("Accept", "x"));
  }

  @Test
  void aNotModifiedAnswerRepeatsWhatGuidesCaches() {
    assertThat(
            Conditional.notModifiedFields(
                Headers.of("ETag", "\"a\"", "Content-Type", "x", "Cache-Control", "max-age=1")))
        .isEqualTo(Headers.of("ETag", "\"a\"", "Cache-Control", "max-age=1"));
  }
}
