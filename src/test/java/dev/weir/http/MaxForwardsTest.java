package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaxForwardsTest {
  @ParameterizedTest
  @CsvSource({
    "OPTIONS, 0, reached",
    "TRACE, 000, reached",
    "TRACE, 1, 0",
    "OPTIONS, 007, 6",
    "OPTIONS, 99999999999999999999999, 999999",
    "OPTIONS, -1, -1",
    "OPTIONS, '1, 2', '1, 2'",
    "OPTIONS, two, two",
    "GET, 0, 0",
    "POST, 5, 5",
  })
  void onlyOptionsAndTraceAreCounted(String method, String value, String expected) {
    // Given
    RequestHead head =
        new RequestHead(
            method, "http", new Authority("a.test", 80), "/", Headers.of("max-forwards", value));

    // When
    String outcome =
        switch (MaxForwards.of(head)) {
          case MaxForwards.Reached ignored -> "reached";
          case MaxForwards.Onward(Headers headers) ->
              String.valueOf(headers.combined("Max-Forwards"));
        };

    // Then
    assertThat(outcome).isEqualTo(expected);
  }
}
