package dev.weir.store;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a power cut cannot take. */
class DurableTest {
  @TempDir private Path root;
  private final List<Path> synced = new ArrayList<>();
  private final Durable durable = new Durable((path, opened) -> synced.add(path), 100);
  private Path leaf;

  @BeforeEach
  void name() {
    leaf = root.resolve("data/a/b");
  }

  private Path file(String name) throws IOException {
    return Files.createFile(root.resolve(name));
  }

  @Test
  void aDirectoryCountsOnceTheOneAboveItIsSynced() throws Exception {
    // When
    durable.move(file("spool"), leaf.resolve("chunk"));
    // Then
    assertThat(synced).contains(root, root.resolve("data"), root.resolve("data/a"), leaf);
    // When the next comes into the same
    synced.clear();
    durable.move(file("spool"), leaf.resolve("other"));
    // Then
    assertThat(synced).containsExactly(leaf);
  }

  @Test
  void directoriesThatAreNotRememberedAreSyncedAtOnce() throws Exception {
    // Given
    StoreSettings settings =
        Samples.settings(Map.of("chunks.sync-writes", true, "chunks.max-unsynced-folders", 2));
    Durable forgetful = Durable.of(settings.chunks(), (path, opened) -> synced.add(path));
    // When: as many as can be remembered are made for a copy, and one more
    forgetful.fleeting().move(file("copy"), leaf.resolve("copy"));
    // Then
    assertThat(synced).containsExactly(root.resolve("data/a"));
  }

  @Test
  void directoriesThatWereMadeForACopyAreSyncedForWhatIsKept() throws Exception {
    // Given
    durable.fleeting().move(file("copy"), leaf.resolve("copy"));
    assertThat(synced).isEmpty();
    // When
    durable.move(file("spool"), leaf.resolve("chunk"));
    // Then
    assertThat(synced).contains(root, root.resolve("data"), root.resolve("data/a"), leaf);
  }

  @Test
  void aCopyThatIsToBeKeptIsSyncedWithTheDirectoriesThatWereMadeForIt() throws Exception {
    // Given
    Path copy = leaf.resolve("copy");
    durable.fleeting().move(file("copy"), copy);
    // When
    durable.syncHeld(copy);
    // Then
    assertThat(synced).contains(copy, root, root.resolve("data"), root.resolve("data/a"), leaf);
  }

  @Test
  void manyThatNeedTheSameNewDirectoryAllFindIt() throws Exception {
    // Given
    int threads = 8;
    CyclicBarrier together = new CyclicBarrier(threads);
    Durable off = new Durable();
    Callable<Integer> task =
        () -> {
          int moved = 0;
          for (int round = 0; round < 200; round++) {
            Path file = Files.createTempFile(root, "spool", "");
            Path target = root.resolve("data/" + round + "/a").resolve(file.getFileName());
            together.await();
            off.move(file, target);
            moved++;
          }
          return moved;
        };
    // When
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<Integer>> all = pool.invokeAll(Collections.nCopies(threads, task), 1, MINUTES);
      // Then
      for (Future<Integer> one : all) {
        assertThat(one.get()).isEqualTo(200);
      }
    }
  }

  @Test
  void whatIsNotToBeSyncedIsMovedAllTheSame() throws Exception {
    // Given
    Durable off = new Durable();
    // When
    off.move(file("spool"), leaf.resolve("chunk"));
    off.fleeting().move(file("copy"), leaf.resolve("copy"));
    off.syncHeld(leaf.resolve("copy"));
    // Then
    assertThat(leaf.resolve("chunk")).exists();
    assertThat(leaf.resolve("copy")).exists();
  }
}
