package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.CacheStatus.Forward;
import org.junit.jupiter.api.Test;

/** Cache-Status, Via, hop-by-hop fields and entity tags. */
class FieldsTest {
  @Test
  void cacheStatusOfAHit() {
    assertThat(CacheStatus.ofHit().withTtlMillis(59_999).text()).isEqualTo("weir;hit;ttl=59");
    assertThat(CacheStatus.ofHit().withTtlMillis(-1).withDetail("forced-swr").text())
        .isEqualTo("weir;hit;ttl=-1;detail=forced-swr");
  }

  @Test
  void cacheStatusOfAForwardedRequest() {
    assertThat(
            CacheStatus.ofForward(Forward.URI_MISS)
                .withForwardedStatus(200)
                .withStored(true)
                .withCollapsed(true)
                .withKey("https/h/1f")
                .text())
        .isEqualTo("weir;fwd=uri-miss;fwd-status=200;stored;collapsed;key=\"https/h/1f\"");
  }

  @Test
  void cacheStatusQuotesWhatIsNoToken() {
    assertThat(CacheStatus.ofHit().withDetail("a \"b\"\n").text())
        .isEqualTo("weir;hit;detail=\"a \\\"b\\\"?\"");
  }

  @Test
  void cacheStatusGoesAfterThoseOfCachesNearerToTheOrigin() {
    assertThat(CacheStatus.ofHit().appendTo(Headers.of("cache-status", "cdn;hit")))
        .isEqualTo(Headers.of("Cache-Status", "cdn;hit, weir;hit"));
  }

  @Test
  void viaIsAppendedAndFoundAgain() {
    // Given
    Headers passed = Headers.of("Via", "1.0 fred, 1.1 p.example (a, weir-7)");
    // When
    Headers now = Via.append(passed, "1.1", "weir-1");
    // Then
    assertThat(now.combined("Via")).isEqualTo("1.0 fred, 1.1 p.example (a, weir-7), 1.1 weir-1");
    assertThat(Via.hasPassed(now, "weir-1")).isTrue();
    assertThat(Via.hasPassed(now, "WEIR-1")).isTrue();
    assertThat(Via.hasPassed(now, "weir-2")).isFalse();
    assertThat(Via.hasPassed(now, "p")).isFalse();
    assertThat(Via.hasPassed(Headers.EMPTY, "weir-1")).isFalse();
  }

  @Test
  void connectionRemovesItsOwnButNothingAMessageWouldMeanSomethingElseWithout() {
    // Given
    Headers headers =
        Headers.of(
            "Host", "h",
            "Connection", "close, X-Own, Authorization, Cache-Control, host",
            "X-Own", "1",
            "Authorization", "secret",
            "Cache-Control", "no-store",
            "Keep-Alive", "5",
            "Proxy-Authorization", "x",
            "Accept", "y");
    // Then
    assertThat(HopByHop.strip(headers))
        .isEqualTo(
            Headers.of(
                "Host",
                "h",
                "Authorization",
                "secret",
                "Cache-Control",
                "no-store",
                "Accept",
                "y"));
  }

  @Test
  void nothingToRemoveIsNothingCopied() {
    Headers headers = Headers.of("Host", "h", "Accept", "y");
    assertThat(HopByHop.strip(headers)).isSameAs(headers);
  }

  @Test
  void entityTagsWithoutQuotesAreWeak() {
    EntityTag bare = EntityTag.parse("abc");
    assertThat(bare).isEqualTo(new EntityTag(true, "abc"));
    assertThat(EntityTag.parse("\"a\"b\"")).isEqualTo(new EntityTag(true, "\"a\"b\""));
    assertThat(EntityTag.parse(" W/\"x\" ")).isEqualTo(new EntityTag(true, "\"x\""));
    assertThat(EntityTag.parse("W/")).isNull();
    assertThat(EntityTag.parseList("\"a,b\", W/\"c\""))
        .containsExactly(new EntityTag(false, "\"a,b\""), new EntityTag(true, "\"c\""));
  }
}
