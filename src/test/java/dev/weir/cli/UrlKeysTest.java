package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.PrimaryKey;
import dev.weir.http.RequestHead;
import dev.weir.policy.CacheKeys;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class UrlKeysTest {
  private static final PrimaryKey KEY = new PrimaryKey("https", "registry.example", "0".repeat(56));

  private static RequestHead request(String url) {
    return Objects.requireNonNull(UrlKeys.request(url, List.of()));
  }

  @Test
  void whatIsNoUrlOrNoFieldIsNoRequest() {
    assertThat(UrlKeys.request("no-url", List.of())).isNull();
    assertThat(UrlKeys.request("ftp://a.example/", List.of())).isNull();
    assertThat(UrlKeys.request("http://a.example/", List.of("no field"))).isNull();
    assertThat(UrlKeys.request("http://a.example/", List.of("X-A: b")))
        .extracting(request -> request.headers().first("X-A"))
        .isEqualTo("b");
  }

  @Test
  void whatAUrlNamesByItsDigestHasAKeyForClientsWithCredentialsToo() {
    // Given
    String url = "https://registry.example/v2/one/blobs/sha256:" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(request(url), KEY))
        .containsExactly(CacheKeys.withCredentials(KEY));
  }

  /** A purge failed in a partition: the keeper of a key that nothing can be under was cut off. */
  @Test
  void purgeAsksForNoKeyThatNothingCanBeUnder() {
    // Given
    String url = "https://registry.example/some/file?sha256=" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(request(url), KEY)).isEmpty();
  }
}
