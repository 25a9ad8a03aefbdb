package dev.weir.fill;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** How many connections a body gets, by what more of them bring. */
class RampTest {
  private static final long SECOND = 1_000_000_000L;
  private static final double MEGA = 1e6;

  private final AccelerationSettings settings =
      AccelerationSettings.from(
          ConfigFactory.parseResources("reference/fill.conf")
              .resolve()
              .getConfig("weir.fill.acceleration"));

  @Test
  void anOriginThatGivesEachConnectionAsMuchIsAskedOverAll() {
    assertThat(targets(connections -> connections * 20 * MEGA))
        .startsWith(1, 2, 4, 8, 16)
        .endsWith(16);
  }

  @Test
  void aLimitForAllConnectionsLeavesOne() {
    assertThat(targets(connections -> 20 * MEGA)).endsWith(1);
  }

  @Test
  void whereMoreDoNotPayTheNumberBeforeIsKept() {
    assertThat(targets(connections -> Math.min(connections, 4) * 20 * MEGA)).endsWith(4);
  }

  @Test
  void aFastOriginIsLeftAtOne() {
    assertThat(targets(connections -> 2000 * MEGA)).containsOnly(1);
  }

  @Test
  void aFailureHalvesTheNumberForGood() {
    // Given
    Ramp ramp = new Ramp.Growing(8, 80 * MEGA, 0);
    // When
    Ramp after = ramp.afterFailure();
    // Then
    assertThat(after.target()).isEqualTo(4);
    assertThat(after.after(sample(1000 * MEGA, 8), settings).target()).isEqualTo(4);
    assertThat(new Ramp.Settled(1).afterFailure().target()).isEqualTo(1);
  }

  @Test
  void connectionsThatCannotBeHadAreNotWaitedForWithoutEnd() {
    // Given
    Ramp ramp = new Ramp.Growing(8, 40 * MEGA, 0);
    // When
    for (int i = 0; i < 20; i++) {
      ramp = ramp.after(sample(40 * MEGA, 5), settings);
    }
    // Then
    assertThat(ramp).isEqualTo(new Ramp.Settled(5));
  }

  private List<Integer> targets(IntToDoubleFunction rateOf) {
    List<Integer> targets = new ArrayList<>();
    Ramp ramp = new Ramp.Alone();
    for (int i = 0; i < 12; i++) {
      targets.add(ramp.target());
      ramp = ramp.after(sample(rateOf.applyAsDouble(ramp.target()), ramp.target()), settings);
    }
    return targets;
  }

  private static Ramp.Sample sample(double rate, int connections) {
    return new Ramp.Sample((long) rate, SECOND, connections, 1L << 30);
  }
}
