package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What registries ask for, as they write it. */
class BearerChallengeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Bearer realm=\"https://a.example/t\",service=\"s\",scope=\"repository:x:pull\" |"
            + " https://a.example/t | s | repository:x:pull",
        "bearer REALM = \"https://a.example/t\" , Service=s | https://a.example/t | s | ''",
        "BEARER\trealm=\"https://a.example/\\\"q\\\"\" | https://a.example/\"q\" | '' | ''",
        "Basic realm=\"Bearer realm\", Bearer realm=\"https://a.example/t\" | https://a.example/t |"
            + " '' | ''",
        "Bearer scope=\"a,b c\",realm=https://a.example/t | https://a.example/t | '' | a,b c",
        "Bearer realm=\"https://one.example\", Basic realm=\"two\" | https://one.example | '' | ''",
      })
  void challengesAreRead(String field, String realm, String service, String scope) {
    assertThat(BearerChallenge.of(Headers.of("WWW-Authenticate", field)))
        .isEqualTo(new BearerChallenge(realm, service, scope));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Bearer",
        "Bearer service=\"s\"",
        "BearerX realm=\"https://a\"",
        "Basic realm=\"b\"",
        "Basic realm=\"x, Bearer realm=y\"",
        "Bearer realm",
        "Bearer =\"x\"",
        "Bearer realm\"x\"",
      })
  void whatIsNoneIsNotReadAsOne(String field) {
    assertThat(BearerChallenge.of(Headers.of("WWW-Authenticate", field))).isNull();
  }

  @Test
  void theFirstOfSeveralFieldsIsTaken() {
    Headers fields =
        Headers.of(
            "WWW-Authenticate", "Basic realm=\"b\"",
            "WWW-Authenticate", "Bearer realm=\"https://one\"",
            "WWW-Authenticate", "Bearer realm=\"https://two\"");
    assertThat(BearerChallenge.of(fields)).isEqualTo(new BearerChallenge("https://one", "", ""));
  }

  @ParameterizedTest
  @CsvSource({
    "/v2/library/x/manifests/latest, library/x",
    "/v2/a/b/c/blobs/sha256:00?ns=r.example, a/b/c",
    "/v2/x/tags/list?n=1, x",
    "/v2/manifests/manifests/1, manifests",
    "/v2/, ",
    "/v2/x, ",
    "/v1/x/manifests/1, ",
    "/other?/v2/x/blobs/1, ",
  })
  void repositoriesAreWhatStandsBetween(String target, String repository) {
    assertThat(RegistryTokens.repository(target)).isEqualTo(repository);
  }
}
