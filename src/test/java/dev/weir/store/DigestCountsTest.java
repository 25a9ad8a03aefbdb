package dev.weir.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.ChunkId;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestCountsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void itCountsAsAMapDoes(int seed) {
    // Given: few distinct homes, so that runs of slots wrap, collide and are closed up
    Random random = new Random(seed);
    DigestCounts counts = new DigestCounts();
    Map<ChunkId, Integer> expected = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      long home = random.nextInt(40) == 0 ? 0 : 1015 + random.nextInt(20);
      ChunkId id =
          new ChunkId("%016x".formatted((random.nextLong(200) << 32) | home) + "0".repeat(48));
      // When
      int now =
          switch (random.nextInt(5)) {
            case 0, 1 -> {
              expected.merge(id, 1, Integer::sum);
              yield counts.increment(id);
            }
            case 2, 3 -> {
              expected.computeIfPresent(id, (_, count) -> count == 1 ? null : count - 1);
              yield counts.decrement(id);
            }
            default -> {
              expected.remove(id);
              counts.clear(id);
              yield 0;
            }
          };
      // Then
      assertThat(now).isEqualTo(expected.getOrDefault(id, 0));
      assertThat(counts.contains(id)).isEqualTo(expected.containsKey(id));
    }
    assertThat(counts.size()).isEqualTo(expected.size());
  }
}
