package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;

/** Which nodes a node joins by. */
class SeedsTest {
  private static FleetSettings settings(String more) {
    return FleetSettings.from(
        ConfigFactory.parseString("weir.cluster { dir = f, port = 7, peer-port = 8, " + more + " }")
            .withFallback(ConfigFactory.parseResources("reference/cluster.conf"))
            .resolve()
            .getConfig("weir.cluster"));
  }

  @Test
  void aNameStandsForItsAddressesAtThisNodesPorts() {
    // When
    FleetSettings settings = settings("host = \"127.0.0.1\", dns = \"127.0.0.1\"");

    // Then
    assertThat(Seeds.of(settings)).containsExactly(new FleetSettings.Seed("127.0.0.1", 7, 8));
    assertThat(settings.isSelf(Seeds.of(settings).getFirst())).isTrue();
  }

  /** It was alone among those to join by, and so the greater part of them. */
  @Test
  void aNodeThatWasCutOffFromTheDnsFoundedAFleetOfItsOwn() {
    // When
    FleetSettings settings = settings("host = \"127.0.0.1\", dns = \"nobody.invalid\"");

    // Then
    assertThat(Seeds.of(settings)).isEmpty();
  }
}
