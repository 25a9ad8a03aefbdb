package dev.weir.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SocketSettingsTest {
  private static final Config DEFAULTS =
      ConfigFactory.parseResources("reference/edge.conf").resolve().getConfig("weir.edge");

  @ParameterizedTest
  @CsvSource({
    "backlog,0,a whole number from 1 to 1000000",
    "max-connections,-1,a whole number from 1 to 10000000",
    "accept-batch,0,a whole number from 1 to 65536",
    "accept-pause-millis,soon,a whole number from 1 to 60000",
    "read-bytes,1K,a size from 4096 to 16777216 bytes",
    "read-bytes,3G,a size from 4096 to 16777216 bytes",
    "max-unread,0,a whole number from 1 to 1024",
    "write-bytes,17M,a size from 4096 to 16777216 bytes"
  })
  void aBadValueIsRefusedWithItsPlaceAndWhatIsExpected(String key, String value, String expected) {
    // Given
    Config bad =
        ConfigFactory.parseString(
                "\n" + key + " = " + value,
                ConfigParseOptions.defaults().setOriginDescription("weir.conf"))
            .withFallback(DEFAULTS);

    // When // Then
    assertThatThrownBy(() -> SocketSettings.from(bad))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weir.edge.%s (weir.conf: 2): expected %s, got '%s'", key, expected, value);
  }

  @Test
  void aWriteTakesAllRecordsOfOneTlsWrite() {
    // Given
    TlsSettings tls = TlsSettings.from(DEFAULTS.getConfig("tls"));

    // When
    SocketSettings sockets = SocketSettings.from(DEFAULTS);

    // Then: a record is 16 KiB and at most 256 bytes of its own
    assertThat(sockets.writeBytes())
        .isGreaterThanOrEqualTo(tls.maxRecordsPerWrite() * (16 * 1024 + 256));
  }
}
