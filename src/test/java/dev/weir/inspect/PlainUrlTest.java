package dev.weir.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left out of URLs that are shown. */
class PlainUrlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://h/p | https://h/p",
        "https://h/p?page=2&q=a | https://h/p?page=2&q=a",
        "https://h/p?X-Amz-Signature=abc&page=2 | https://h/p?X-Amz-Signature=***&page=2",
        "https://h/p?access_token=abc | https://h/p?access_token=***",
        "https://h/p?%73ig=abc | https://h/p?%73ig=***",
        "https://h/p?sig | https://h/p?sig",
        "https://h/p?a=b=c&Signature=x=y | https://h/p?a=b=c&Signature=***",
        "https://h/p? | https://h/p?",
        "https://h/p;token=a/q;v=1?w=2;x=3 | https://h/p;token=***/q;v=1?w=2;x=3",
        "https://h/p;sid=a;JSESSIONID=b | https://h/p;sid=a;JSESSIONID=***",
      })
  void valuesThatSignAreLeftOut(String url, String shown) {
    // When
    String plain = PlainUrl.of(url);
    // Then
    assertThat(plain).isEqualTo(shown);
  }
}
