package dev.weir.http;

import static dev.weir.http.Samples.get;
import static dev.weir.http.Samples.secondsAfter;
import static dev.weir.http.Samples.stored;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.ByteRanges.Selection;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteRangesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=0-4 | 0-4",
        "Bytes=0-4 | 0-4",
        "bytes=0-99 | 0-9",
        "bytes=3- | 3-9",
        "bytes=-3 | 7-9",
        "bytes=-99 | 0-9",
        "bytes=0-9 | 0-9",
        "bytes=9-9 | 9-9",
        "bytes=0-99999999999999999999999 | 0-9",
        "bytes=0-1,4-5 | 0-1 4-5",
        "bytes=4-5, 0-1 | 4-5 0-1",
        "bytes=0-1,2-3 | 0-3",
        "bytes=0-5,3-7 | 0-7",
        "bytes=8-9,0-1,1-8 | 0-9",
        "bytes=0-1,50-60 | 0-1",
        "bytes=10- | 416",
        "bytes=-0 | 416",
        "bytes=99999999999999999999- | 416",
        "bytes=50-60,70- | 416",
        "bytes= | whole",
        "bytes=5-2 | whole",
        "bytes=a-b | whole",
        "bytes=--5 | whole",
        "bytes=1-2-3 | whole",
        "bytes=0-1,x | whole",
        "bytes | whole",
        "items=0-4 | whole",
        "bytes=+1-2 | whole",
        "bytes=0-0,2-2,4-4,6-6,8-8 | whole"
      })
  void resolvesAgainstTenBytes(String range, String expected) {
    assertThat(text(ByteRanges.resolve(range, 10, 4))).isEqualTo(expected);
  }

  @Test
  void nothingHasNoRanges() {
    assertThat(text(ByteRanges.resolve("bytes=0-", 0, 4))).isEqualTo("416");
    assertThat(text(ByteRanges.resolve("bytes=-5", 0, 4))).isEqualTo("whole");
    assertThat(ByteRanges.unsatisfied(0)).isEqualTo("bytes */0");
  }

  @Test
  void contentRange() {
    assertThat(new ByteRanges.Part(2, 3).contentRange(10)).isEqualTo("bytes 2-3/10");
  }

  @Test
  void rangesAreForGetAndStored200Only() {
    RequestHead request = get("Range", "bytes=0-1");
    assertThat(text(ByteRanges.select(request, stored(), 10, 4))).isEqualTo("0-1");
    assertThat(text(ByteRanges.select(request.withMethod("HEAD"), stored(), 10, 4)))
        .isEqualTo("whole");
    assertThat(text(ByteRanges.select(request, stored(404), 10, 4))).isEqualTo("whole");
  }

  @Test
  void ifRangeHoldsForTheVerySameRepresentationOnly() {
    // Given
    String modified = secondsAfter(-10);
    StoredResponse strong = stored("ETag", "\"a\"", "Last-Modified", modified);
    StoredResponse weak = stored("ETag", "W/\"a\"", "Last-Modified", secondsAfter(0));
    // Then
    assertThat(holds("\"a\"", strong)).isTrue();
    assertThat(holds("\"b\"", strong)).isFalse();
    assertThat(holds("W/\"a\"", strong)).isFalse();
    assertThat(holds("\"a\"", weak)).isFalse();
    assertThat(holds("W/\"a\"", weak)).isFalse();
    assertThat(holds("a", strong)).isFalse();
    assertThat(holds(modified, strong)).isTrue();
    assertThat(holds(secondsAfter(-9), strong)).isFalse();
    assertThat(holds(secondsAfter(-11), strong)).isFalse();
    // Then: modified within the second it was sent in, so it may have changed since
    assertThat(holds(secondsAfter(0), weak)).isFalse();
    assertThat(holds("\"a\"", stored())).isFalse();
  }

  @Test
  void aSingleRangeBeforeTheLengthIsKnown() {
    assertThat(ByteRanges.single("bytes=5-9"))
        .isEqualTo(range(OptionalLong.of(5), OptionalLong.of(9)));
    assertThat(ByteRanges.single("bytes=5-"))
        .isEqualTo(range(OptionalLong.of(5), OptionalLong.empty()));
    assertThat(ByteRanges.single("bytes=-5"))
        .isEqualTo(range(OptionalLong.empty(), OptionalLong.of(5)));
    assertThat(ByteRanges.single("bytes=0-1,3-4")).isNull();
    assertThat(ByteRanges.single("x")).isNull();
    assertThat(ByteRanges.single(null)).isNull();
  }

  private static ByteRanges.SingleRange range(OptionalLong first, OptionalLong last) {
    return new ByteRanges.SingleRange(first, last);
  }

  private static boolean holds(String condition, StoredResponse stored) {
    return IfRange.holds(Headers.of("If-Range", condition), stored);
  }

  private static String text(Selection selection) {
    return switch (selection) {
      case Selection.Whole w -> "whole";
      case Selection.Unsatisfiable u -> "416";
      case Selection.Parts parts ->
          parts.parts().stream()
              .map(part -> part.first() + "-" + part.last())
              .collect(Collectors.joining(" "));
    };
  }
}
