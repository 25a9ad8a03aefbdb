package dev.weir.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.SignedUrl.Reuse;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignedUrlTest {
  private static final long NOW = Instant.parse("2026-11-21T00:00:00Z").toEpochMilli();

  @ParameterizedTest
  @CsvSource({
    "/p?X-Amz-Date=20261121T000000Z&X-Amz-Expires=60&X-Amz-Signature=s, 2026-11-21T00:01:00Z",
    "/p?Expires=1795219260&Signature=s&Key-Pair-Id=k, 2026-11-21T00:01:00Z",
    "/p?sig=s&sv=1&se=2026-11-21T00%3A01%3A00Z, 2026-11-21T00:01:00Z"
  })
  void expiryIsReadInEachForm(String target, String end) {
    SignedUrl url = signature("h.example", target);
    assertThat(url.expiresAtMillis()).hasValue(Instant.parse(end).toEpochMilli());
    assertThat(url.isExpired(NOW + 59_999)).isFalse();
    assertThat(url.isExpired(NOW + 60_000)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "/p?X-Amz-Date=x&X-Amz-Expires=60&X-Amz-Signature=s",
    "/p?Expires=99999999999999999999&Signature=s&Key-Pair-Id=k",
    "/p?Expires=9223372036854775807&Signature=s&Key-Pair-Id=k"
  })
  void anExpiryThatCannotBeReadIsNone(String target) {
    assertThat(signature("h.example", target).expiresAtMillis()).isEmpty();
  }

  @Test
  void aHitNeedsASignatureThatTheOriginAcceptedOrWhosHostIsTrusted() {
    // Given
    String target = "/p?X-Amz-Date=20261121T000000Z&X-Amz-Expires=60&X-Amz-Signature=s";
    SignedUrl elsewhere = signature("h.example", target);
    SignedUrl inTable = signature("b.s3.amazonaws.com", target);
    // Then
    assertThat(elsewhere.reuse(NOW, false, false)).isEqualTo(Reuse.ASK_ORIGIN);
    assertThat(elsewhere.reuse(NOW, true, false)).isEqualTo(Reuse.ALLOWED);
    assertThat(elsewhere.reuse(NOW, false, true)).isEqualTo(Reuse.ALLOWED);
    assertThat(inTable.reuse(NOW, false, false)).isEqualTo(Reuse.ALLOWED);
    assertThat(inTable.reuse(NOW + 60_000, true, true)).isEqualTo(Reuse.ASK_ORIGIN);
  }

  @Test
  void parametersThatGoWithASignatureAreNotOne() {
    SignedUrl url = signature("b.s3.amazonaws.com", "/p?X-Amz-Date=20261121T000000Z");
    assertThat(url.hasSignature()).isFalse();
    assertThat(url.reuse(NOW, true, true)).isEqualTo(Reuse.ASK_ORIGIN);
    assertThat(signature("h.example", "/p?X-Amz-Signature=").hasSignature()).isFalse();
  }

  @Test
  void theIdentityIsOfTheSigningParametersOnly() {
    String identity = signature("h.example", "/p?X-Amz-Signature=s&a=1").identity();
    assertThat(signature("h.example", "/q?b=2&X-Amz-Signature=s").identity()).isEqualTo(identity);
    assertThat(signature("h.example", "/p?X-Amz-Signature=t&a=1").identity())
        .isNotEqualTo(identity);
  }

  private static SignedUrl signature(String host, String target) {
    RequestHead request =
        new RequestHead("GET", "https", new Authority(host, 443), target, Headers.EMPTY);
    return CacheKeys.of(request, "").signature().orElseThrow();
  }
}
