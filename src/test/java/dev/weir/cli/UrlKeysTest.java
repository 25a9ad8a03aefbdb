package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.PrimaryKey;
import dev.weir.policy.CacheKeys;
import org.junit.jupiter.api.Test;

class UrlKeysTest {
  private static final PrimaryKey KEY = new PrimaryKey("https", "registry.example", "0".repeat(56));

  @Test
  void whatAUrlNamesByItsDigestHasAKeyForClientsWithCredentialsToo() {
    // Given
    String url = "https://registry.example/v2/one/blobs/sha256:" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(url, KEY)).containsExactly(CacheKeys.withCredentials(KEY));
  }

  /** A purge failed in a partition: the keeper of a key that nothing can be under was cut off. */
  @Test
  void purgeAsksForNoKeyThatNothingCanBeUnder() {
    // Given
    String url = "https://registry.example/some/file?sha256=" + "a".repeat(64);

    // When, Then
    assertThat(UrlKeys.withCredentials(url, KEY)).isEmpty();
  }
}
