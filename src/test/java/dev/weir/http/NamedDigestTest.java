package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedDigestTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/a/blobs/sha256:",
        "/v2/a/b/c/manifests/sha256:",
        "/v2/a/blobs/sha256%3A",
        "/debian/dists/x/by-hash/SHA256/",
        "/dists/by-hash/sha256/"
      })
  void aPathThatEndsWithADigestNamesItsContent(String before) {
    assertThat(NamedDigest.of(before + HEX)).isEqualTo(new NamedDigest("SHA-256", HEX));
    assertThat(NamedDigest.of(before + HEX.toUpperCase(java.util.Locale.ROOT) + "?a=b"))
        .isEqualTo(new NamedDigest("SHA-256", HEX));
    assertThat(NamedDigest.of(before + HEX + "0")).isNull();
    assertThat(NamedDigest.of(before + HEX + "/x")).isNull();
  }

  @Test
  void longerDigestsAreNamedSoToo() {
    assertThat(NamedDigest.of("/v2/a/blobs/sha512:" + HEX + HEX))
        .isEqualTo(new NamedDigest("SHA-512", HEX + HEX));
    assertThat(NamedDigest.of("/x/by-hash/SHA512/" + HEX + HEX))
        .isEqualTo(new NamedDigest("SHA-512", HEX + HEX));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/a/manifests/latest",
        "/v2/a/tags/sha256:",
        "/other/a/blobs/sha256:",
        "/by-hash/MD5Sum/0123456789abcdef0123456789abcdef"
      })
  void otherPathsNameNone(String path) {
    assertThat(NamedDigest.of(path)).isNull();
    assertThat(NamedDigest.of(path + HEX)).isNull();
  }
}
