package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.VariantKey;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.Sha224;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** V1 to V10 are the vectors that entries made by the systems before this one must keep to. */
class CacheKeysTest {
  private static final String A_TXT = "653137bcd08963d94f6e1349a39bdb2a384b2b6325cae08c8726c890";

  @Test
  void v1DocumentId() {
    assertThat(key("example.com", "/a.txt").primary().documentId())
        .isEqualTo("https/example.com/" + A_TXT);
  }

  @Test
  void v2VaryIndexId() {
    assertThat(key("example.com", "/a.txt").primary().varyIndexId())
        .isEqualTo("https/example.com/_vary/" + A_TXT);
  }

  @Test
  void v3VariantId() {
    // Given
    VariantKey gzip =
        CacheKeys.variant(List.of("accept-encoding"), Headers.of("Accept-Encoding", "gzip"));
    // Then
    assertThat(key("example.com", "/a.txt").primary().documentId(gzip))
        .isEqualTo(
            "https/example.com/"
                + A_TXT
                + "+1326817f4c14e9d6a359aa1d62b9e77e572cc27155de1b818561199e");
    assertThat(CacheKeys.variant(List.of(), Headers.EMPTY)).isEqualTo(VariantKey.NONE);
  }

  @Test
  void v4WithTheHostInLowerCase() {
    // Given
    RequestHead request =
        new RequestHead(
            "GET", "http", new Authority("Example.COM", 8080), "/x?b=2&a=1", Headers.EMPTY);
    // When
    CacheKey key = CacheKeys.of(request, "");
    // Then
    assertThat(key.keyUrl()).isEqualTo("http://example.com:8080/x?b=2&a=1");
    assertThat(key.primary().documentId())
        .isEqualTo("http/example.com/6c0b761f0169a1a7d9071180e79c7ad65bf69ab35a7178973534ea56");
  }

  @Test
  void v5ForTheTextPlusTheMarkInTheHash() {
    CacheKey key = key("example.com", "/p?X-Amz-Date=1&b=2&a=1&A=3");
    assertThat(key.keyUrl()).isEqualTo("https://example.com/p?A=3&a=1&b=2");
    assertThat(key.signed()).isTrue();
    assertThat(key.primary().digest())
        .isEqualTo(Sha224.hex("https://example.com/p?A=3&a=1&b=2\nsigned"))
        .isNotEqualTo(key("example.com", "/p?A=3&a=1&b=2").primary().digest());
  }

  @ParameterizedTest
  @CsvSource({
    // V8, and V6, V7, V9 as overruled: short names mean nothing by themselves.
    "/p?b=2&a=1",
    "/p?q=a+b&sig=1",
    "/p?sp=2&page=3",
    "/p?policy=x",
    "/p?a&sig=x",
    "/p?expires=5&signature=x",
    "/p?version=3&se=1",
    "/%7Ep/%2F/../x?%41=%2B"
  })
  void whatIsNotSignedStaysByteForByte(String target) {
    CacheKey key = key("example.com", target);
    assertThat(key.signed()).isFalse();
    assertThat(key.keyUrl()).isEqualTo("https://example.com" + target);
  }

  @ParameterizedTest
  @CsvSource({
    "b.s3.amazonaws.com, /p?x-id=G&X-Amz-Signature=1&X-Amz-Credential=c, /p?x-id=G",
    "x.r2.cloudflarestorage.com, /p?X-AMZ-Signature=1, /p",
    "production.cloudflare.docker.com, /p?expires=5&signature=x&version=2&q=1, /p?q=1",
    "pkg-containers.githubusercontent.com, /p?se=1&sig=2&sp=r&sr=b&sv=3&hmac=4&ske=5, /p",
    "d111.example.net, /p?Key-Pair-Id=k&Signature=s&Expires=5&v=1, /p?v=1",
    "d111.example.net, /p?Key-Pair-Id=k&Signature=s&Policy=5&v=1, /p?v=1",
    "b.example.net, /p?AWSAccessKeyId=k&Signature=s&Expires=5, /p",
    "b.example.net, /p?X-Goog-Algorithm=a&X-Goog-Credential=c&X-Goog-Signature=s&x=%2f, /p?x=%2F",
    "b.example.net, /p?sv=1&se=2&sr=b&sp=r&sig=s&q=a+b&e, /p?e=&q=a+b",
    "b.example.net, /p?%58-Amz-Date=1&z=%FF&y=%zz, /p?y=%25zz&z=%FF"
  })
  void signingParametersAreLeftOut(String host, String target, String kept) {
    CacheKey key = key(host, target);
    assertThat(key.signed()).isTrue();
    assertThat(key.keyUrl()).isEqualTo("https://" + host + kept);
  }

  @Test
  void theTablesHostsAreSuffixesAtALabel() {
    assertThat(key("notproduction.cloudflare.docker.com", "/p?expires=5").signed()).isFalse();
    assertThat(key("production.cloudflare.docker.com.evil.org", "/p?expires=5").signed()).isFalse();
  }

  @Test
  void aRealmIsAKeySpaceOfItsOwn() {
    RequestHead request = get("example.com", "/a.txt");
    assertThat(CacheKeys.of(request, "mount-a").primary())
        .isNotEqualTo(CacheKeys.of(request, "mount-b").primary())
        .isNotEqualTo(CacheKeys.of(request, "").primary());
  }

  @Test
  void theSchemesOwnPortIsLeftOutAndIpv6KeepsItsBrackets() {
    RequestHead request =
        new RequestHead("GET", "http", new Authority("::1", 80), "/", Headers.EMPTY);
    assertThat(CacheKeys.of(request, "").keyUrl()).isEqualTo("http://[::1]/");
  }

  @ParameterizedTest
  @CsvSource({
    "/foo.tar.gz, .gz",
    "/.bashrc, ''",
    "/libfoo_1.2.3-4_amd64.deb, .deb",
    "/a.b/c, ''",
    "/a.txt?x=y.z, .txt",
    "/a., ''",
    "/a.b%20c, ''",
    "/a.abcdefghijklmnopqrstuvwxyz, ''"
  })
  void v10Extension(String target, String extension) {
    assertThat(CacheKeys.extension(target)).isEqualTo(extension);
  }

  private static CacheKey key(String host, String target) {
    return CacheKeys.of(get(host, target), "");
  }

  private static RequestHead get(String host, String target) {
    return new RequestHead("GET", "https", new Authority(host, 443), target, Headers.EMPTY);
  }
}
