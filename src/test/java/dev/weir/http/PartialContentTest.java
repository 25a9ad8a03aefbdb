package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartialContentTest {
  private static ResponseHead part(int status, String... fields) {
    return new ResponseHead(status, "", Headers.of(fields));
  }

  @ParameterizedTest
  @CsvSource({
    "bytes 0-4/10, 0, 4, 10",
    "bytes 9-9/10, 9, 9, 10",
    "Bytes 0-9/10, 0, 9, 10",
    "bytes 0-0/1, 0, 0, 1",
  })
  void aPartSaysWhereItBelongs(String contentRange, long first, long last, long total) {
    assertThat(PartialContent.of(part(206, "Content-Range", contentRange)))
        .isEqualTo(new PartialContent(new ByteRanges.Part(first, last), total));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes 0-4/*",
        "bytes */10",
        "bytes 5-4/10",
        "bytes 0-10/10",
        "bytes 0-4",
        "bytes=0-4/10",
        "items 0-4/10",
        "bytes 0-4/10, bytes 5-9/10",
        "bytes -1-4/10",
        "bytes 0-4/99999999999999999999",
        ""
      })
  void whatDoesNotIsNoneToKeep(String contentRange) {
    assertThat(PartialContent.of(part(206, "Content-Range", contentRange))).isNull();
  }

  @Test
  void onlyA206WithOneContentRangeIsAPart() {
    assertThat(PartialContent.of(part(200, "Content-Range", "bytes 0-4/10"))).isNull();
    assertThat(PartialContent.of(part(206, "Content-Type", "multipart/byteranges; boundary=x")))
        .isNull();
    assertThat(
            PartialContent.of(
                part(206, "Content-Range", "bytes 0-4/10", "Content-Range", "bytes 0-4/10")))
        .isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "bytes 4-9/10, 5, 4, 8, 9",
    "bytes 4-9/10, 6, 4, 9, 10",
    "bytes 4-9/10, 7, 4, 9, 10",
    "bytes 4-9/10, 0, 4, 9, 10",
    "bytes 4-9/10, x, 4, 9, 10",
    "bytes 4-8/10, 4, 4, 8, 10",
    "bytes 0-9999999999/10000000000, 9999999999, 0, 9999999998, 9999999999",
  })
  void aLastPartEndsWhereItsBodyEnds(
      String contentRange, String length, long first, long last, long total) {
    assertThat(
            PartialContent.of(part(206, "Content-Range", contentRange, "Content-Length", length)))
        .isEqualTo(new PartialContent(new ByteRanges.Part(first, last), total));
  }

  @Test
  void underAStrongValidatorAShortLastPartLeavesTheEndOpen() {
    assertThat(
            PartialContent.of(
                part(206, "Content-Range", "bytes 4-9/10", "Content-Length", "5", "ETag", "\"a\"")))
        .isEqualTo(new PartialContent(new ByteRanges.Part(4, 9), 10));
  }

  @Test
  void theHeadOfTheWholeHasNothingOfThePart() {
    // When
    ResponseHead whole =
        PartialContent.ofWhole(
            part(206, "ETag", "\"a\"", "Content-Range", "bytes 0-4/10", "Content-Length", "5"));

    // Then
    assertThat(whole.status()).isEqualTo(200);
    assertThat(whole.headers()).isEqualTo(Headers.of("ETag", "\"a\""));
  }

  @Test
  void theRangeOfAGapIsOpenAtTheEnd() {
    assertThat(PartialContent.rangeOf(5, 10, 10)).isEqualTo("bytes=5-");
    assertThat(PartialContent.rangeOf(0, 5, 10)).isEqualTo("bytes=0-4");
  }
}
