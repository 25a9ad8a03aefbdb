package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.http.Authority;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReverseSettingsTest {
  private static ServeSettings settings(Map<String, String> flags) {
    return ServeSettings.from(new SettingsLoader(Map.of()).load(flags));
  }

  @ParameterizedTest
  @CsvSource({
    "http://origin.example, http, origin.example, 80, origin.example:80",
    "HTTPS://Origin.example/, https, origin.example, 443, origin.example:443",
    "https://127.0.0.1:8443, https, 127.0.0.1, 8443, 127.0.0.1:8443",
    "'http://[::1]:8080', http, ::1, 8080, '[::1]:8080'",
  })
  void anOriginIsASchemeAndAnAuthority(
      String url, String scheme, String host, int port, String destination) {
    // When
    ReverseSettings reverse = settings(Map.of("mode", "reverse", "origin", url)).reverse();

    // Then
    assertThat(reverse).isNotNull();
    assertThat(reverse.scheme()).isEqualTo(scheme);
    assertThat(reverse.origin()).isEqualTo(new Authority(host, port));
    assertThat(reverse.destination()).isEqualTo(destination);
  }

  @Test
  void theOriginHasItsFlagItsVariableAndItsKey() {
    // When
    ServeSettings settings =
        ServeSettings.from(
            new SettingsLoader(Map.of("WEIR_MODE", "reverse", "WEIR_ORIGIN", "http://a.example"))
                .load(Map.of()));

    // Then
    assertThat(settings.reverse()).isNotNull();
    assertThat(settings.config().getString("weir.origin-url")).isEqualTo("http://a.example");
    assertThat(settings.config().getValue("weir.origin-url").origin().description())
        .isEqualTo("environment WEIR_ORIGIN");
  }

  @ParameterizedTest
  @CsvSource({
    "'', needs --origin",
    "origin.example, expected an http or https URL without a path",
    "ftp://origin.example, 'got ''ftp://origin.example'''",
    "http://origin.example/base, without a path",
    "http://origin.example?x, without a path",
    "http://origin.example:0, 'weir.origin-url (command line --origin)'",
    "http://, expected an http or https URL",
    "http://user:secret@origin.example, must not hold a user or password",
  })
  void aBadOriginIsRefusedInOneSentence(String url, String sentence) {
    assertThatThrownBy(() -> settings(Map.of("mode", "reverse", "origin", url)))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(sentence)
        .hasMessageNotContaining("secret")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "regular, origin, http://a.example, --origin has no meaning without --mode reverse",
    "regular, tls-name, a.example, --tls-name has no meaning without --mode reverse",
    "regular, preserve-host, true, --preserve-host has no meaning",
    "sideways, '', '', 'one of regular, reverse'",
    "reverse, tls-key, key.pem, --tls-key is given without --tls-cert",
    "reverse, trusted-proxies, balancer.example, networks such as 10.0.0.0/8",
    "reverse, allow-clients, 10.0.0.0/64, networks such as 10.0.0.0/8",
  })
  void whatDoesNotGoTogetherIsRefused(String mode, String name, String value, String sentence) {
    // Given
    Map<String, String> flags = new HashMap<>(Map.of("mode", mode));
    if (mode.equals("reverse")) {
      flags.put("origin", "http://a.example");
    }
    if (!name.isEmpty()) {
      flags.put(name, value);
    }

    // When // Then
    assertThatThrownBy(() -> settings(flags))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(sentence);
  }
}
