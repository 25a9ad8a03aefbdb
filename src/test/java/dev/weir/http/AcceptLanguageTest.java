package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptLanguageTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "de, en | de,en",
        "en ,DE | de,en",
        "en;q=1.0, de;q=1 | de,en",
        "fr;q=0.50, de-AT, * ; q=0.1 | de-at,fr;q=0.5,*;q=0.1",
        "en;q=0 | en;q=0",
        "en;q=2, de | en;q=2,de",
        "en;level=1 , de | en;level=1,de",
        "e_n, de | e_n,de"
      })
  void sameMeaningSameForm(String value, String form) {
    assertThat(AcceptLanguage.canonical(value)).isEqualTo(form);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "foo | 1,2 | 1 ,  2 | true",
        "foo | 1,2 | 12 | false",
        "foo | '\"a, b\"' | '\"a,b\"' | false",
        "foo | 'A,b' | 'a,b' | false",
        "cookie | 'a=1, 2' | 'a=1,2' | false",
        "accept-language | 'en, de' | 'dE,EN' | true",
        "accept-language | 'en, de' | 'en;q=0.9, de' | false"
      })
  void variantsKnowSpaceButNotMeaning(String name, String one, String other, boolean same) {
    String first = Vary.digest(List.of(name), Headers.of(name, one));
    String second = Vary.digest(List.of(name), Headers.of(name, other));
    assertThat(first.equals(second)).isEqualTo(same);
  }
}
