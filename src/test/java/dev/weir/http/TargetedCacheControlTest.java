package dev.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TargetedCacheControlTest {
  private static final List<String> TARGETS = List.of("Weir-Cache-Control", "CDN-Cache-Control");

  @Test
  void theFirstReadableFieldOfTheListCounts() {
    Headers response =
        Headers.of(
            "Cache-Control", "max-age=1",
            "CDN-Cache-Control", "max-age=3",
            "Weir-Cache-Control", "max-age=2, no-cache=?0, must-revalidate=?1;x=1");
    CacheControl control = TargetedCacheControl.of(response, TARGETS);
    assertThat(control).isNotNull();
    assertThat(control.maxAgeSeconds()).isEqualTo(2);
    assertThat(control.noCache()).isFalse();
    assertThat(control.mustRevalidate()).isTrue();
    assertThat(TargetedCacheControl.of(response, List.of())).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "max-age=", "&=1", "max-age=5,", "9x=1"})
  void anUnreadableFieldCountsAsAbsent(String field) {
    Headers response = Headers.of("Weir-Cache-Control", field, "CDN-Cache-Control", "max-age=3");
    CacheControl control = TargetedCacheControl.of(response, TARGETS);
    assertThat(control).isNotNull();
    assertThat(control.maxAgeSeconds()).isEqualTo(3);
  }
}
