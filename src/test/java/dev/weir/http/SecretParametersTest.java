package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which parameters of a path lose their values. */
class SecretParametersTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/a/b | /a/b",
        "/a;v=1/b | /a;v=1/b",
        "/a;token=abc | /a;token=***",
        "/a;token=abc/b;v=2 | /a;token=***/b;v=2",
        "/a;v=1;JSESSIONID=0f;w=2/b | /a;v=1;JSESSIONID=***;w=2/b",
        "/a;X-Amz-Signature=x=y/b | /a;X-Amz-Signature=***/b",
        "/a;%74oken=abc | /a;%74oken=***",
        "/a;token | /a;token",
        "/a;token= | /a;token=***",
        "/a;;token=abc; | /a;;token=***;",
        "/token=abc | /token=abc",
        "https://h:8443/a;sig=abc | https://h:8443/a;sig=***",
      })
  void valuesOfSecretsInAPathAreMasked(String path, String masked) {
    // When and then
    assertThat(SecretParameters.maskedInPath(path)).isEqualTo(masked);
  }

  @ParameterizedTest
  @CsvSource({"token=abc, token=***", "page=2, page=2", "sig, sig", "a=token, a=token"})
  void oneParameter(String parameter, String masked) {
    // When and then
    assertThat(SecretParameters.masked(parameter)).isEqualTo(masked);
  }
}
