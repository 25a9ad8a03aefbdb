package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.entry.Manifest;
import dev.weir.entry.NodeId;
import dev.weir.testing.Eventually;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of held entries while the object store answers late. */
class PendingTest {
  @TempDir private Path folder;

  private record Call(ChunkId id, boolean replace, CompletableFuture<ObjectStore.Put> answer) {}

  /** Puts are answered by the test. */
  private static final class Asked extends ForwardingObjects {
    final List<Call> puts = new CopyOnWriteArrayList<>();

    Asked(ObjectStore store) {
      super(store);
    }

    @Override
    public CompletionStage<Put> put(ChunkId id, Path file, long lengthBytes, boolean replace) {
      Call call = new Call(id, replace, new CompletableFuture<>());
      puts.add(call);
      return call.answer();
    }
  }

  @Test
  void aChunkFoundDamagedWhileItsPutFoundItThereIsPutOnceMore() throws Exception {
    // Given
    byte[] chunk = bytes(1, 100_000);
    Path file = Files.write(folder.resolve("chunk"), chunk);
    Asked objects = new Asked(new FolderObjectStore(folder.resolve("objects")));
    StoreSettings settings =
        Samples.settings(Map.of("tier.min-retry", "20ms", "chunks.sync-writes", false));
    Distrusted distrusted = new Distrusted(settings.tier());
    List<HeldEntry> durable = new CopyOnWriteArrayList<>();
    Entry entry =
        Samples.entry(
            "a", new Body.Chunked(new Manifest(chunk.length, 200_000, List.of(id(chunk)))));
    try (Pending pending =
        new Pending(
            new PendingFolder(folder.resolve("pending"), settings.chunks(), ignored -> file),
            objects,
            distrusted,
            settings.tier(),
            3_600_000)) {
      pending.announceBy(
          new Holding.Announcer() {
            @Override
            public CompletionStage<Boolean> durable(HeldEntry held) {
              durable.add(held);
              return CompletableFuture.completedStage(true);
            }

            @Override
            public void lost(HeldEntry held) {}
          });
      Grant grant = new Grant(entry.key(), entry.tag(), entry.epoch(), new NodeId("n1"));
      assertThat(get(pending.hold(new HeldEntry(grant, entry, List.of())))).isEmpty();
      pending.accepted(entry.tag());
      Eventually.holds(() -> objects.puts.size() == 1);
      // When
      distrusted.add(id(chunk));
      objects.puts.getFirst().answer().complete(ObjectStore.Put.PRESENT);
      // Then
      assertThat(durable).isEmpty();
      Eventually.holds(() -> objects.puts.size() == 2);
      assertThat(objects.puts.getLast().replace()).isTrue();
      objects.puts.getLast().answer().complete(ObjectStore.Put.WRITTEN);
      Eventually.holds(() -> durable.size() == 1);
      assertThat(distrusted.contains(id(chunk))).isFalse();
    }
  }
}
