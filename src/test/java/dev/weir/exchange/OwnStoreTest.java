package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.Policy;
import dev.weir.rules.RuleFiles;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests for the object store that the cache itself uses. */
class OwnStoreTest {
  private static final OwnStore STORE =
      new OwnStore(
          List.of(
              "minio:9000", "[::1]:9000", "cache.s3.amazonaws.com", "cache.s3.*.amazonaws.com"));

  @ParameterizedTest
  @CsvSource({
    "minio, 9000, true",
    "MINIO, 9000, true",
    "minio., 9000, true",
    "minio, 9001, false",
    "::1, 9000, true",
    "::1, 9001, false",
    "cache.s3.amazonaws.com, 443, true",
    "cache.s3.eu-central-1.amazonaws.com, 443, true",
    "other.s3.eu-central-1.amazonaws.com, 443, false",
    "xcache.s3.eu-central-1.amazonaws.com, 443, false",
    "cache.s3.eu-central-1.amazonaws.com.evil.test, 443, false",
    "cache.s3..amazonaws.com, 443, false",
  })
  void itIsToldByHostAndPort(String host, int port, boolean own) {
    // When
    RequestHead request =
        new RequestHead("GET", "https", new Authority(host, port), "/", Headers.EMPTY);
    // Then
    assertThat(STORE.isAskedBy(request)).isEqualTo(own);
  }

  @Test
  void itsAnswersArePassedUncachedAndSayWhatToDo() throws Exception {
    // Given
    String overrides = "weir.exchange.own-store = [\"127.0.0.1\"]";
    try (Rig rig = new Rig(RuleFiles.defaults(Policy.STALE_IF_ERROR), overrides)) {
      // When
      Rig.Got first = rig.get("/range-data/1000");
      Rig.Got second = rig.get("/range-data/1000");
      // Then
      assertThat(first.status()).isEqualTo(200);
      assertThat(second.cacheStatus()).contains("fwd=bypass", "detail=own-object-store");
      assertThat(second.headers().first("X-Weir-Warning")).contains("127.0.0.1", "NO_PROXY");
      assertThat(rig.origin.count("/range-data/1000")).isEqualTo(2);
    }
  }
}
