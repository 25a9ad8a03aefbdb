package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VaryTest {
  @Test
  void namesInOrderLowerCaseEachOnce() {
    Vary vary = Vary.of(Headers.of("Vary", "Accept-Encoding, Origin", "vary", "accept-encoding"));
    assertThat(vary).isEqualTo(new Vary(List.of("accept-encoding", "origin"), false));
    assertThat(Vary.of(Headers.of("Vary", "Origin, *")).any()).isTrue();
    assertThat(Vary.of(Headers.of("Vary", " ,"))).isSameAs(Vary.NONE);
  }

  @Test
  void goldenDigestOfGzip() {
    assertThat(Vary.digest(List.of("accept-encoding"), Headers.of("Accept-Encoding", "gzip")))
        .isEqualTo("1326817f4c14e9d6a359aa1d62b9e77e572cc27155de1b818561199e");
    assertThat(Vary.digest(List.of(), Headers.of("Accept-Encoding", "gzip"))).isEmpty();
  }

  @Test
  void aMissingFieldIsEmpty() {
    assertThat(Vary.text(List.of("accept-encoding", "origin"), Headers.EMPTY))
        .isEqualTo("accept-encoding=|origin=");
  }

  @Test
  void noTwoListsOfValuesGiveTheSameText() {
    List<String> names = List.of("a", "b");
    assertThat(Vary.text(names, Headers.of("a", "1|b=2")))
        .isNotEqualTo(Vary.text(names, Headers.of("a", "1", "b", "2|b=")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gzip, br | br,gzip",
        "BR;q=0.5 ,gzip | br,gzip",
        "x-gzip | gzip",
        "gzip;q=0 | identity",
        "gzip;q=0.000, br | br",
        "identity | identity",
        "gzip, identity;q=0.1 | gzip",
        "gzip, identity;q=0 | gzip,identity;q=0",
        "gzip, *;q=0 | gzip,identity;q=0",
        "identity, *;q=0 | identity",
        "* | *",
        "*, gzip;q=0 | *,gzip;q=0",
        "gz ip, @ , br | br",
        "'' | identity"
      })
  void acceptEncodingIsCanonical(String value, String canonical) {
    assertThat(AcceptEncoding.canonical(value)).isEqualTo(canonical);
    assertThat(AcceptEncoding.canonical(canonical)).isEqualTo(canonical);
  }
}
