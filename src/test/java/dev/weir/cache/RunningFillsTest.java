package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.FillId;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a keeper remembers of fills that run no more. */
class RunningFillsTest {
  private final RunningFills fills =
      new RunningFills(
          CacheSettings.from(CacheHarness.room("cache", "weir.cache.past-fills-per-key = 2")));

  @Test
  void asManyThatEndedAreRememberedAsTheSettingsSay() {
    // Given
    List<FillId> ended = Stream.generate(FillId::random).limit(3).toList();

    // When
    ended.forEach(fills::remove);

    // Then
    assertThat(ended.stream().map(fills::isUnheardOf)).containsExactly(true, false, false);
  }

  @Test
  void asManyThatWereReplacedAreRememberedAsTheSettingsSay() {
    // Given
    List<FillId> replaced = Stream.generate(FillId::random).limit(3).toList();

    // When
    replaced.forEach(fills::release);

    // Then
    assertThat(replaced.stream().map(fills::isReleased)).containsExactly(false, true, true);
  }
}
