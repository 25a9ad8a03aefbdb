package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.StructuredDictionary.Value;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StructuredDictionaryTest {
  @Test
  void readsEveryKindOfMember() {
    Map<String, Value> members =
        StructuredDictionary.parse(
            " a=-12;x=1, b, c=?0;y , d=\"q\\\"s\",\te=tok/en:x, f=(1 \"2\";z), g=:YQ==:, h=1.5,"
                + " i=@7 ");
    assertThat(members)
        .containsEntry("a", new Value.Whole(-12))
        .containsEntry("b", new Value.Truth(true))
        .containsEntry("c", new Value.Truth(false))
        .containsEntry("d", new Value.Text("q\"s"))
        .hasSize(9);
  }

  @Test
  void theLastOfTwoCounts() {
    assertThat(StructuredDictionary.parse("a=1, a=2"))
        .containsExactly(Map.entry("a", new Value.Whole(2)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "max-age =1", "max-age= 1", "Max-Age=1", "a=1,", "a=1,,b", "a b", "a=\"x", "a=1.", "a=.5",
        "a=1.2345", "a=1234567890123456", "a=?2", "a=(1", "a=:?:", "&&&", "a=1, &&&", "a=\u00e9",
            "=1"
      })
  void oneErrorMakesItNone(String text) {
    assertThat(StructuredDictionary.parse(text)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "max-age=10 | 10",
        "max-age=99999999999 | 2147483647",
        "max-age=-1 | 0",
        "max-age=\"10\" | -1",
        "max-age | -1",
        "foo | -1"
      })
  void aDirectiveOfTheWrongTypeIsNotThere(String field, long maxAge) {
    Headers response = Headers.of("CDN-Cache-Control", field, "Cache-Control", "max-age=7");
    CacheControl control = CacheControl.of(response, java.util.List.of("CDN-Cache-Control"));
    assertThat(control.maxAgeSeconds()).isEqualTo(maxAge);
  }
}
