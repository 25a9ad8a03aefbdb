package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files that people start from are never behind the settings. */
class ClusterConfigTest {
  private static final Path FOLDER = Path.of("cluster-config");

  static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(FOLDER)) {
      return all.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
    }
  }

  private static Config load(Path file) {
    return new SettingsLoader(Map.of()).load(Map.of("config", file.toString()));
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileLoadsWithoutUnknownKeysOrBadValues(Path file) {
    // When
    ServeSettings settings = ServeSettings.from(load(file));

    // Then
    assertThat(settings.port()).isPositive();
  }

  @Test
  void nodesOfOneMachineDifferInEveryPortAndFolder() {
    // Given
    List<Config> nodes =
        Stream.of(1, 2, 3)
            .map(n -> load(FOLDER.resolve("three-local-nodes/node-" + n + ".conf")))
            .toList();

    // When // Then
    for (String key :
        List.of("port", "health-port", "cluster-port", "peer-port", "cluster-dir", "data-dir")) {
      assertThat(nodes.stream().map(node -> node.getString("weir." + key)).distinct())
          .as(key)
          .hasSize(3);
    }
    assertThat(nodes)
        .allSatisfy(
            node -> {
              String own =
                  node.getString("weir.cluster-host")
                      + ":"
                      + node.getString("weir.cluster-port")
                      + ":"
                      + node.getString("weir.peer-port");
              assertThat(node.getString("weir.cluster-seeds").split(",")).contains(own);
            });
  }
}
