package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.tls.FleetFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The files that people start from are never behind the settings. */
class ClusterConfigTest {
  private static final Path FOLDER = Path.of("cluster-config");

  @TempDir private Path fleet;

  static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(FOLDER)) {
      return all.filter(file -> file.toString().endsWith(".conf")).sorted().toList();
    }
  }

  /** With a real node's folder, and the key that stands on the node's own disk. */
  private Config load(Path file) throws IOException {
    Path key = Files.writeString(fleet.resolve("api-key"), "id:key");
    return new SettingsLoader(Map.of())
        .load(
            Map.of(
                "config", file.toString(),
                "cluster-dir", fleet.resolve("node-1").toString(),
                "elasticsearch-api-key", "file:" + key));
  }

  @BeforeEach
  void aFleet() {
    new FleetFolder(fleet, Instant.now()).make(List.of("node-1"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void everyFileLoadsWithoutUnknownKeysOrBadValues(Path file) throws IOException {
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
            .map(n -> FOLDER.resolve("three-local-nodes/node-" + n + ".conf"))
            .map(file -> ConfigFactory.parseFile(file.toFile()))
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
