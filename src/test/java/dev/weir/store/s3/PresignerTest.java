package dev.weir.store.s3;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.http.SdkHttpMethod;

/** Signed URLs, with fixed keys and a fixed time. */
class PresignerTest {
  private static final AwsBasicCredentials KEYS =
      AwsBasicCredentials.create(
          "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  private final Presigner presigner =
      new Presigner(
          "us-east-1", Clock.fixed(Instant.parse("2013-05-24T00:00:00Z"), ZoneOffset.UTC));

  private String sign(SdkHttpMethod method, String url, Map<String, String> query) {
    return presigner.sign(method, URI.create(url), query, KEYS, Duration.ofDays(1));
  }

  @Test
  void itSignsAsTheExampleOfTheSpecificationDoes() {
    // When
    String url =
        sign(SdkHttpMethod.GET, "https://examplebucket.s3.amazonaws.com/test.txt", Map.of());
    // Then
    assertThat(url)
        .startsWith("https://examplebucket.s3.amazonaws.com/test.txt?")
        .contains("X-Amz-Date=20130524T000000Z", "X-Amz-Expires=86400", "X-Amz-SignedHeaders=host")
        .contains(
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  }

  @Test
  void methodAndParametersAreSignedAlongAndTheSchemeIsKept() {
    // Given
    String object = "http://minio:9000/weir/whole/a/b/ab";
    Map<String, String> type = Map.of("response-content-type", "text/plain; charset=utf-8");
    // When
    String get = sign(SdkHttpMethod.GET, object, type);
    String head = sign(SdkHttpMethod.HEAD, object, type);
    String other = sign(SdkHttpMethod.GET, object, Map.of("response-content-type", "text/html"));
    // Then
    assertThat(get)
        .startsWith(object + "?")
        .contains("response-content-type=text%2Fplain%3B%20charset%3Dutf-8");
    assertThat(signature(get)).isNotEqualTo(signature(head)).isNotEqualTo(signature(other));
  }

  private static String signature(String url) {
    return url.replaceAll(".*X-Amz-Signature=([0-9a-f]{64}).*", "$1");
  }
}
