package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9110 8.8.1, 8.8.2.2, 13.1.5. */
class StrongValidatorTest {
  private static final long NOW = 784_111_777_000L;

  @ParameterizedTest
  @CsvSource({"0, false", "1, true", "59, true", "60, true", "-1, false"})
  void aLastModifiedIsStrongFromOneSecondBeforeTheDateOn(int olderSeconds, boolean strong) {
    // Given
    String modified = HttpDates.format(NOW - olderSeconds * 1000L);
    Headers fields = Headers.of("Last-Modified", modified, "Date", HttpDates.format(NOW));
    // Then
    StrongValidator validator = StrongValidator.of(fields);
    assertThat(validator).isEqualTo(strong ? new StrongValidator(modified) : null);
    assertThat(StrongValidator.isShared(fields, fields)).isEqualTo(strong);
  }

  @Test
  void withoutADateNoLastModifiedIsStrong() {
    assertThat(StrongValidator.of(Headers.of("Last-Modified", HttpDates.format(NOW)))).isNull();
    assertThat(StrongValidator.of(Headers.of("Last-Modified", "0", "Date", "1"))).isNull();
    assertThat(StrongValidator.of(Headers.EMPTY)).isNull();
  }

  @Test
  void aStrongTagIsOneWhateverTheDates() {
    // Given
    Headers tagged = Headers.of("ETag", " \"a\" ", "Last-Modified", HttpDates.format(NOW));
    // Then
    assertThat(StrongValidator.of(tagged)).isEqualTo(new StrongValidator("\"a\""));
    assertThat(StrongValidator.isShared(tagged, Headers.of("ETag", "\"a\""))).isTrue();
    assertThat(StrongValidator.isShared(tagged, Headers.of("ETag", "\"b\""))).isFalse();
  }

  /** A client that has an entity tag must not take the date instead (13.1.5). */
  @ParameterizedTest
  @ValueSource(strings = {"W/\"a\"", "unquoted", "\"a\"b\"", ""})
  void besideAnyOtherTagNoDateIsReliedOn(String tag) {
    // Given
    Headers fields =
        Headers.of(
            "ETag",
            tag,
            "Last-Modified",
            HttpDates.format(NOW - 60_000),
            "Date",
            HttpDates.format(NOW));
    // Then
    assertThat(StrongValidator.of(fields)).isNull();
    assertThat(StrongValidator.isShared(fields, fields)).isFalse();
  }
}
