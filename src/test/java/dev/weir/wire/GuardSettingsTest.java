package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GuardSettingsTest {
  @ParameterizedTest
  @CsvSource({
    "max-head-bytes,0,a size from 1024 to 16777216 bytes",
    "max-head-bytes,9G,a size from 1024 to 16777216 bytes",
    "max-head-bytes,-1,a size from 1024 to 16777216 bytes",
    "max-head-bytes,many,a size from 1024 to 16777216 bytes",
    "max-target-bytes,65537,a size from 256 to 65536 bytes",
    "max-fields,-1,a whole number from 8 to 10000",
    "max-fields,99999999999,a whole number from 8 to 10000",
    "max-trailer-bytes,0,a size from 2 to 1048576 bytes",
    "max-interim-heads,0,a whole number from 1 to 1000",
    "max-interim-bytes,100M,a size from 1024 to 16777216 bytes",
    "idle-timeout-millis,0,a whole number from 1 to 86400000",
    "head-timeout-millis,[1],a whole number from 1 to 86400000",
    "send-stall-timeout-millis,-5,a whole number from 1 to 86400000",
    "tunnel-idle-timeout-millis,never,a whole number from 1 to 2592000000",
    "continue-wait-millis,600001,a whole number from 0 to 600000"
  })
  void aBadValueIsRefusedWithItsPlaceAndWhatIsExpected(String key, String value, String expected) {
    // Given
    Config bad =
        ConfigFactory.parseString(
                "\n" + key + " = " + value,
                ConfigParseOptions.defaults().setOriginDescription("weir.conf"))
            .withFallback(GuardedServer.DEFAULTS);
    // When // Then
    assertThatThrownBy(() -> GuardSettings.from(bad))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weir.guard.%s (weir.conf: 2): expected %s, got '%s'", key, expected, value);
  }

  @Test
  void theDefaultsAndTheEndsOfTheRangesAreFine() {
    // Given // When
    GuardSettings least = GuardedServer.settings("max-fields = 8", "continue-wait-millis = 0");
    GuardSettings most = GuardedServer.settings("max-head-bytes = 16M", "max-target-bytes = 16M");
    // Then
    assertThat(least.maxFields()).isEqualTo(8);
    assertThat(most.maxTargetBytes()).isEqualTo(16 * 1024 * 1024);
    assertThat(GuardedServer.settings().maxInterimBytes()).isEqualTo(65_536);
  }
}
