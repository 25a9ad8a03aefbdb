package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a node is told of its fleet, and what is refused in one sentence. */
class FleetSettingsTest {
  private static FleetSettings settings(String more) {
    return FleetSettings.from(
        ConfigFactory.parseString("weir.cluster { " + more + " }")
            .withFallback(ConfigFactory.parseResources("reference/cluster.conf"))
            .resolve()
            .getConfig("weir.cluster"));
  }

  @Test
  void aSeedMayNameItsPeerPortAndBeAnAddress() {
    // When
    FleetSettings settings =
        settings("dir = f, host = a, seeds = [\"a:1\", \"b:2:9\", \"[fd00::1]:3\"]");

    // Then
    assertThat(settings.seeds())
        .containsExactly(
            new FleetSettings.Seed("a", 1, 2),
            new FleetSettings.Seed("b", 2, 9),
            new FleetSettings.Seed("[fd00::1]", 3, 4));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a", "a:", ":25520", "a:0", "a:65536", "a:-1", "a:1:2:3", "a:1:x", "a b:1", ""})
  void whatIsNoSeedIsRefusedByName(String seed) {
    // When
    Throwable refused =
        catchThrowable(() -> settings("dir = f, host = a, seeds = [\"" + seed + "\"]"));

    // Then
    assertThat(refused)
        .hasMessage(
            "--cluster-seeds: \"" + seed + "\" is not host:port or" + " host:port:peer-port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "[::1]"})
  void aNodeWithoutANameOfItsOwnLookedForOthersThatNeverFoundIt(String host) {
    // When
    Throwable refused =
        catchThrowable(
            () -> settings("dir = f, host = \"" + host + "\", seeds = [\"a:1\", \"b:1\"]"));

    // Then
    assertThat(refused).hasMessageContainingAll("--cluster-host is " + host, "--cluster-seeds");
  }

  @Test
  void nodesOfOneMachineMayMeetOnLoopback() {
    // When
    FleetSettings settings =
        settings("dir = f, host = \"127.0.0.1\", seeds = [\"127.0.0.1:1\", \"localhost:5\"]");

    // Then
    assertThat(settings.isFleet()).isTrue();
  }
}
