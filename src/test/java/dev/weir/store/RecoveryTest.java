package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.commit;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Entry;
import dev.weir.testing.FilesUnder;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process that was killed at a bad moment leaves behind, and the next start makes of it. */
class RecoveryTest {
  @TempDir private Path live;
  @TempDir private Path killed;

  @Test
  void everyLeftoverOfAKillIsPutInOrder() throws Exception {
    // Given: a folder as it is in the middle of things
    byte[] orphan = bytes(9, 123_456);
    Entry whole;
    Entry shared;
    Entry missing;
    Entry cut;
    Entry flipped;
    Entry inline = Samples.inline("inline");
    try (LocalStores stores = LocalStores.open(live, Samples.settings())) {
      whole = commit(stores, "whole", bytes(1, 500_000), 200_000);
      shared = commit(stores, "shared", bytes(1, 500_000), 200_000);
      missing = commit(stores, "missing", bytes(2, 500_000), 200_000);
      cut = commit(stores, "cut", bytes(3, 150_000), 200_000);
      flipped = commit(stores, "flipped", bytes(4, 150_000), 200_000);
      write(stores, inline);
      Files.write(stores.chunks().newSpoolFile(), bytes(5, 70_000));
      ChunkReader adopted = Samples.adopt(stores.chunks(), orphan);
      copy(live, killed);
      adopted.close();
    }
    Files.delete(killed.resolve(id(java.util.Arrays.copyOf(bytes(2, 500_000), 200_000)).path(4)));
    try (RandomAccessFile file =
        new RandomAccessFile(killed.resolve(id(bytes(3, 150_000)).path(4)).toFile(), "rw")) {
      file.setLength(149_999);
    }
    DiskChunkStoreTest.flip(killed.resolve(id(bytes(4, 150_000)).path(4)));
    // When
    try (LocalStores stores = LocalStores.open(killed, Samples.settings())) {
      // Then
      RecoveryReport report = get(stores.recovery());
      assertThat(report.entries()).isEqualTo(4);
      assertThat(report.brokenEntries()).isEqualTo(2);
      assertThat(report.damagedDocuments()).isZero();
      assertThat(report.spoolFiles()).isEqualTo(1);
      // the adopted chunk, two that were left of "missing", and the cut one
      assertThat(report.orphanChunks()).isEqualTo(4);
      assertThat(report.orphanBytes()).isEqualTo(123_456 + 200_000 + 100_000 + 149_999);
      for (Entry entry : List.of(whole, shared, inline)) {
        Bodies.OpenBody open = get(stores.bodies().open(entry)).orElseThrow();
        open.release();
      }
      for (Entry entry : List.of(missing, cut, flipped)) {
        assertThat(get(stores.bodies().open(entry))).isEmpty();
      }
      assertThat(read(stores, missing)).isFalse();
      assertThat(read(stores, cut)).isFalse();
      assertThat(read(stores, whole)).isTrue();
      assertThat(filesIn(killed.resolve("data"))).isEqualTo(3);
      assertThat(filesIn(killed.resolve("spool"))).isZero();
    }
    try (LocalStores stores = LocalStores.open(killed, Samples.settings())) {
      // the flipped chunk was removed when it was opened, so its entry goes at the next start
      assertThat(get(stores.recovery()).brokenEntries()).isEqualTo(1);
      assertThat(get(stores.recovery()).orphanChunks()).isZero();
      assertThat(get(stores.recovery()).entries()).isEqualTo(3);
    }
  }

  @Test
  void aRefetchedEntryWithADamagedChunkIsWholeAgain() throws Exception {
    // Given
    byte[] body = bytes(1, 150_000);
    Entry entry;
    try (LocalStores stores = LocalStores.open(live, Samples.settings())) {
      entry = commit(stores, "a", body, 200_000);
    }
    DiskChunkStoreTest.flip(live.resolve(id(body).path(4)));
    // When
    try (LocalStores stores = LocalStores.open(live, Samples.settings())) {
      assertThat(get(stores.bodies().open(entry))).isEmpty();
      Samples.adopt(stores.chunks(), body).close();
      // Then
      Bodies.OpenBody open = get(stores.bodies().open(entry)).orElseThrow();
      open.release();
    }
  }

  private static void write(LocalStores stores, Entry entry) throws Exception {
    get(stores.metadata().write(new Document.EntryDocument(entry), MetadataStore.Version.ABSENT));
  }

  private static boolean read(LocalStores stores, Entry entry) throws Exception {
    return get(stores.metadata().read(List.of(entry.documentId()))).getFirst().isPresent();
  }

  static long filesIn(Path folder) {
    return FilesUnder.of(folder).count();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path source : all.toList()) {
        Path target = to.resolve(from.relativize(source).toString());
        if (Files.isDirectory(source)) {
          Files.createDirectories(target);
        } else if (!source.endsWith("LOCK")) {
          Files.copy(source, target);
        }
      }
    }
  }
}
