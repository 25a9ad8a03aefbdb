package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsLoaderTest {
  @TempDir private Path folder;

  @Test
  void everySettingHasADefaultAndOneName() {
    // Given
    Config defaults = load(Map.of(), Map.of());

    // When // Then
    for (Setting setting : Setting.ALL) {
      assertThat(defaults.hasPath(setting.key())).as(setting.key()).isTrue();
    }
    assertThat(Setting.ALL.getFirst().environment()).isEqualTo("WEIR_PORT");
  }

  @Test
  void flagsWinOverEnvironmentOverFileOverDefault() throws Exception {
    // Given
    Path file = write("weir { port = 1, bind = \"file\", log-level = warn, data-dir = file }");
    Map<String, String> environment = Map.of("WEIR_PORT", "2", "WEIR_BIND", "environment");

    // When
    Config config = load(Map.of("port", "3", "config", file.toString()), environment);

    // Then
    assertThat(config.getString("weir.port")).isEqualTo("3");
    assertThat(config.getString("weir.bind")).isEqualTo("environment");
    assertThat(config.getString("weir.log-level")).isEqualTo("warn");
    assertThat(config.getString("weir.health-port")).isEqualTo("8082");
    assertThat(config.getValue("weir.port").origin().description())
        .isEqualTo("command line --port");
    assertThat(config.getValue("weir.bind").origin().description())
        .isEqualTo("environment WEIR_BIND");
    assertThat(config.getValue("weir.log-level").origin().description()).endsWith("weir.conf: 1");
  }

  @ParameterizedTest
  @CsvSource({
    "fill.acceleration.max-connections, fill-connections, 3",
    "store.disk-cache-size, disk-cache-size, 5G",
    "store.elasticsearch.flush-interval, elasticsearch-flush-interval, 7 s",
    "exchange.allow-policy-header, allow-policy-header, true",
    "log.level, log-level, debug",
    "cluster.peer-port, peer-port, 4711",
    "mirror.hosts, mirror-hosts, a.test"
  })
  void aSettingGivenByItsRoomsNameWasOverriddenByTheDefaultOfItsFlag(
      String room, String name, String value) throws Exception {
    // Given
    Path file = write("weir." + room + " = \"" + value + "\"");

    // When
    Config config = load(Map.of("config", file.toString()), Map.of());

    // Then both names say it, and where it came from
    assertThat(config.getString("weir." + name)).isEqualTo(value);
    assertThat(config.getValue("weir." + name).origin().description()).endsWith("weir.conf: 1");
    Config byName = load(Map.of(name, value), Map.of());
    assertThat(config.getValue("weir." + room).unwrapped())
        .isEqualTo(byName.getValue("weir." + room).unwrapped());
  }

  @Test
  void aFlagWinsOverTheRoomsNameInTheFile() throws Exception {
    // Given
    Path file = write("weir.fill.acceleration.max-connections = 3");

    // When
    Config config = load(Map.of("config", file.toString(), "fill-connections", "5"), Map.of());

    // Then
    assertThat(config.getInt("weir.fill.acceleration.max-connections")).isEqualTo(5);
  }

  @Test
  void aFileThatGivesOneSettingTwiceIsRefusedUnlessItSaysTheSame() throws Exception {
    // Given
    Path same = write("weir { fill-connections = 3, fill.acceleration.max-connections = 3 }");
    Config agreed = load(Map.of("config", same.toString()), Map.of());
    Path twice = write("weir.fill-connections = 4\nweir.fill.acceleration.max-connections = 3");

    // When // Then
    assertThat(agreed.getInt("weir.fill-connections")).isEqualTo(3);
    assertThatThrownBy(() -> load(Map.of("config", twice.toString()), Map.of()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("weir.conf: 2")
        .hasMessageContaining("the same setting as weir.fill-connections")
        .hasMessageContaining("weir.conf: 1");
  }

  @Test
  void theFileMayBeNamedByTheEnvironment() throws Exception {
    // Given
    Path file = write("weir.port = 99");

    // When
    Config config = load(Map.of(), Map.of("WEIR_CONFIG", file.toString()));

    // Then
    assertThat(config.getInt("weir.port")).isEqualTo(99);
  }

  @Test
  void anUnknownKeyStopsTheStartWithItsPlaceAndTheNearestName() throws Exception {
    // Given
    Path file = write("weir {\n  prot = 8080\n}");

    // When // Then
    assertThatThrownBy(() -> load(Map.of("config", file.toString()), Map.of()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("weir.conf: 2")
        .hasMessageContaining("unknown key weir.prot")
        .hasMessageContaining("did you mean 'port'?");
  }

  @Test
  void anUnknownKeyWithinARoomStopsTheStart() throws Exception {
    // Given
    Path file = write("weir.admin.canary-intervall-millis = 5");

    // When // Then
    assertThatThrownBy(() -> load(Map.of("config", file.toString()), Map.of()))
        .hasMessageContaining("did you mean 'canary-interval-millis'?");
  }

  @Test
  void anUnknownTopLevelKeyStopsTheStart() throws Exception {
    // Given
    Path file = write("port = 8080");

    // When // Then
    assertThatThrownBy(() -> load(Map.of("config", file.toString()), Map.of()))
        .hasMessageContaining("unknown key port");
  }

  @Test
  void aMissingFileIsNamed() {
    assertThatThrownBy(() -> load(Map.of("config", "/no/such/file"), Map.of()))
        .hasMessage("command line --config: cannot read the file /no/such/file");
  }

  @Test
  void aServiceLinkOfKubernetesIsNoSetting() {
    // When
    Config config = load(Map.of(), Map.of("WEIR_PORT", "tcp://10.0.0.1:8080"));

    // Then
    assertThat(config.getInt("weir.port")).isEqualTo(8080);
  }

  @ParameterizedTest
  @CsvSource({
    "port, 70000, a port from 0 to 65535",
    "port, http, a port from 0 to 65535",
    "upstream-connect-timeout, soon, a duration such as",
    "upstream-read-timeout, -3, a duration such as",
    "upstream-read-timeout, 99999999d, a duration such as",
    "disk-cache-size, much, a size such as",
    "disk-cache-size, 999999999999999T, a size such as",
    "connection-strategy, sometimes, 'one of lazy, eager'",
    "default-policy, Nothing, 'one of '",
    "log-level, loud, 'one of error'",
    "allow-policy-header, perhaps, true or false",
  })
  void aBadValueIsRefusedWithItsPlaceAndTheExpectedForm(
      String name, String value, String expected) {
    // When // Then
    assertThatThrownBy(() -> ServeSettings.from(load(Map.of(name, value), Map.of())))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("weir." + name)
        .hasMessageContaining("command line --" + name)
        .hasMessageContaining(expected)
        .hasMessageContaining("'" + value + "'");
  }

  @ParameterizedTest
  @CsvSource({"30, 30000", "30s, 30000", "0.5, 500", "500ms, 500", "2m, 120000", "0, 0"})
  void durationsAreInSecondsUnlessAUnitIsGiven(String text, long millis) {
    // When
    Config config = load(Map.of("upstream-read-timeout", text), Map.of());

    // Then
    assertThat(ServeSettings.from(config).upstreamReadTimeoutMillis()).isEqualTo(millis);
  }

  @ParameterizedTest
  @CsvSource({
    "20G, 21474836480",
    "500m, 524288000",
    "1024, 1024",
    "1 KiB, 1024",
    "2TB, 2199023255552"
  })
  void sizesAreInBytesUnlessAUnitIsGiven(String text, long bytes) {
    // When
    Config config = load(Map.of("disk-cache-size", text), Map.of());

    // Then
    assertThat(ServeSettings.from(config).diskCacheBytes()).isEqualTo(bytes);
  }

  @Test
  void listsAreSeparatedByCommasOrAreHoconLists() throws Exception {
    // Given
    Path file = write("weir { allow-clients = [\"10.0.0.0/8\", \"::1\"] }");

    // When
    ServeSettings settings =
        ServeSettings.from(
            load(
                Map.of("config", file.toString(), "deny-destinations", "a.test, .b.test"),
                Map.of()));

    // Then
    assertThat(settings.allowClients()).containsExactly("10.0.0.0/8", "::1");
    assertThat(settings.denyDestinations()).containsExactly("a.test", ".b.test");
  }

  @Test
  void aFolderIsNoFileOfSettings() {
    // When // Then
    assertThatThrownBy(() -> load(Map.of("config", folder.toString()), Map.of()))
        .isInstanceOf(SettingsException.class)
        .hasMessage("command line --config: cannot read the file " + folder);
  }

  private static Config load(Map<String, String> flags, Map<String, String> environment) {
    return new SettingsLoader(environment).load(flags);
  }

  private Path write(String text) throws Exception {
    return Files.writeString(folder.resolve("weir.conf"), text);
  }

  /** Once the libraries' own defaults won over what was measured, and nothing said so. */
  @Test
  void tuningOfTheLibraryWinsOverItsDefaults() {
    // Given
    Config tuning = ConfigFactory.parseResources("reference/pekko.conf");

    // When
    Config config = new SettingsLoader(Map.of()).load(Map.of());

    // Then
    assertThat(tuning.entrySet())
        .allSatisfy(
            tuned ->
                assertThat(config.getValue(tuned.getKey()).unwrapped())
                    .isEqualTo(tuned.getValue().unwrapped()));
  }
}
