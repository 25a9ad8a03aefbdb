package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDatesTest {
  private static final long EXAMPLE = 784_111_777_000L;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "sun, 06 nov 1994 08:49:37 gmt",
        " Sun, 06 Nov 1994 08:49:37 GMT "
      })
  void allThreeFormatsNameTheSameInstant(String text) {
    assertThat(HttpDates.parse(text)).hasValue(EXAMPLE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-1",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06  Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 30 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06-Nov-1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "1994-11-06T08:49:37Z"
      })
  void whatIsNotExactlyADateIsNone(String text) {
    assertThat(HttpDates.parse(text)).isEmpty();
  }

  @Test
  void aTwoDigitYearLiesInThisCenturyUntilSeventy() {
    assertThat(HttpDates.parse("Saturday, 21-Nov-26 00:00:00 GMT"))
        .isEqualTo(HttpDates.parse("Sat, 21 Nov 2026 00:00:00 GMT"));
  }

  @Test
  void whatIsWrittenReadsBack() {
    assertThat(HttpDates.format(EXAMPLE)).isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
    assertThat(HttpDates.format(EXAMPLE + 999)).isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
  }
}
