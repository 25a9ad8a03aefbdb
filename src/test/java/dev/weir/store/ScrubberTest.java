package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScrubberTest {
  private static final int CHUNK_BYTES = 300_000;

  @TempDir private Path folder;
  private DiskChunkStore disk;
  private final List<Long> pauses = new ArrayList<>();

  @BeforeEach
  void open() {
    disk = DiskChunkStore.open(folder, settings(Map.of()).chunks());
  }

  @AfterEach
  void close() {
    disk.close();
  }

  private static StoreSettings settings(Map<String, ?> overrides) {
    return StoreSettings.from(
        ConfigFactory.parseMap(overrides)
            .withFallback(
                ConfigFactory.parseResources("reference/store.conf")
                    .resolve()
                    .getConfig("weir.store")));
  }

  private byte[] adopt(int seed) throws Exception {
    byte[] chunk = bytes(seed, CHUNK_BYTES);
    Path file = Files.write(disk.newSpoolFile(), chunk);
    get(disk.adopt(id(chunk), file, chunk.length)).close();
    return chunk;
  }

  private boolean isThere(byte[] chunk) {
    return Files.exists(disk.path(id(chunk)));
  }

  private void damage(byte[] chunk) throws Exception {
    byte[] other = chunk.clone();
    other[CHUNK_BYTES / 2] ^= 1;
    Files.write(disk.path(id(chunk)), other);
  }

  private Scrubber scrubber(long bytesPerSecond) {
    return Scrubber.byHand(disk, new StoreSettings.Scrub(bytesPerSecond, 0), pauses::add);
  }

  @Test
  void damagedAndShortenedChunksGoAndOthersStay() throws Exception {
    // Given
    byte[] sound = adopt(1);
    byte[] damaged = adopt(2);
    byte[] shortened = adopt(3);
    damage(damaged);
    Files.write(disk.path(id(shortened)), new byte[1000]);
    Path stranger = Files.writeString(disk.path(id(sound)).resolveSibling("readme"), "not ours");
    // When
    Scrubber scrubber = scrubber(1 << 20);
    scrubber.pass();
    // Then
    assertThat(isThere(sound)).isTrue();
    assertThat(isThere(damaged)).isFalse();
    assertThat(isThere(shortened)).isFalse();
    assertThat(stranger).exists();
    assertThat(scrubber.damaged()).isEqualTo(2);
    assertThat(scrubber.bytes()).isEqualTo(2L * CHUNK_BYTES + 1000);
    assertThat(scrubber.passes()).isEqualTo(1);
    // And what has gone may come again
    adopt(2);
    scrubber.pass();
    assertThat(isThere(damaged)).isTrue();
    assertThat(scrubber.damaged()).isEqualTo(2);
  }

  @Test
  void aReaderOfADamagedChunkKeepsWhatItHasAndTheNextFindsNone() throws Exception {
    // Given
    byte[] chunk = adopt(1);
    try (ChunkReader before = disk.open(id(chunk), CHUNK_BYTES).orElseThrow()) {
      assertThat(before.read(0, 1000).size()).isEqualTo(1000);
      damage(chunk);
      // When
      scrubber(1 << 20).pass();
      // Then
      assertThat(before.read(1000, 1000).size()).isEqualTo(1000);
      assertThat(disk.open(id(chunk), CHUNK_BYTES)).isEmpty();
    }
  }

  @Test
  void itWaitsAsLongAsItsPaceSays() throws Exception {
    // Given
    adopt(1);
    adopt(2);
    // When
    scrubber(100_000).pass();
    // Then 600,000 bytes take six seconds, but for what is owed at the end
    assertThat(pauses.stream().mapToLong(Long::longValue).sum())
        .isBetween(5_970_000_000L, 6_000_000_000L);
  }

  @Test
  void inTheBackgroundItRunsAgainAndAgainUntilItIsClosed() throws Exception {
    // Given
    byte[] chunk = adopt(1);
    // When
    try (Scrubber scrubber = Scrubber.start(disk, new StoreSettings.Scrub(100 << 20, 0))) {
      Eventually.holds(() -> scrubber.passes() > 1);
      damage(chunk);
      // Then
      Eventually.holds(() -> scrubber.damaged() == 1);
      assertThat(isThere(chunk)).isFalse();
    }
    try (Scrubber never = Scrubber.start(disk, new StoreSettings.Scrub(0, 0))) {
      assertThat(never.passes()).isZero();
    }
  }
}
