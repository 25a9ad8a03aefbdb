package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.ChunkId;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which chunks of the object store are not asked for. */
class DistrustedTest {
  @Test
  void asManyAreRememberedAsTheSettingsSay() {
    // Given
    Distrusted distrusted =
        new Distrusted(Samples.settings(Map.of("tier.max-distrusted", 3)).tier());
    ChunkId[] ids = IntStream.range(0, 20).mapToObj(i -> id(bytes(i, 10))).toArray(ChunkId[]::new);

    // When
    for (ChunkId id : ids) {
      distrusted.add(id);
    }

    // Then
    assertThat(ids).filteredOn(distrusted::contains).hasSizeBetween(1, 3);
  }

  @Test
  void whatWasPutBackIsAskedForAgain() {
    // Given
    Distrusted distrusted = new Distrusted(Samples.settings(Map.of()).tier());
    ChunkId id = id(bytes(1, 10));
    distrusted.add(id);

    // When
    distrusted.remove(id);

    // Then
    assertThat(distrusted.contains(id)).isFalse();
  }
}
