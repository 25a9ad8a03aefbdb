package dev.weir.store;

import static dev.weir.store.Samples.bytes;
import static dev.weir.store.Samples.get;
import static dev.weir.store.Samples.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.ChunkId;
import dev.weir.testing.Eventually;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fetches from an object store that wait for their turn. */
class ArrivalsTest {
  private static final ActorTestKit TESTKIT = ActorTestKit.create();
  private static final int LENGTH = 100_000;

  @TempDir private Path folder;
  private final BlockingPool pool = new BlockingPool("test", 2, 100);
  private SlowObjects objects;
  private DiskChunkStore disk;
  private Arrivals arrivals;

  /** It answers when it is told to. */
  private static final class SlowObjects extends ForwardingObjects {
    final List<ChunkId> asked = new CopyOnWriteArrayList<>();
    final Map<ChunkId, CompletableFuture<Source<ByteString, NotUsed>>> answers =
        new ConcurrentHashMap<>();

    SlowObjects(ObjectStore store) {
      super(store);
    }

    @Override
    public Source<ByteString, NotUsed> read(ChunkId id, long from, long to) {
      CompletableFuture<Source<ByteString, NotUsed>> answer = new CompletableFuture<>();
      answers.put(id, answer);
      asked.add(id);
      return Source.completionStageSource(answer)
          .mapMaterializedValue(ignored -> NotUsed.getInstance());
    }

    void answer(byte[] chunk) {
      answers.get(id(chunk)).complete(Source.single(ByteString.fromArray(chunk)));
    }
  }

  @AfterAll
  static void stop() {
    TESTKIT.shutdownTestKit();
  }

  @BeforeEach
  void open() {
    StoreSettings settings =
        Samples.settings(Map.of("chunks.min-free-bytes", 0, "tier.fetches", 1));
    objects = new SlowObjects(new FolderObjectStore(folder.resolve("objects")));
    disk = DiskChunkStore.open(folder.resolve("node"), settings.chunks());
    arrivals =
        new Arrivals(
            new Arrivals.Means(
                objects,
                disk,
                disk::path,
                pool,
                SystemMaterializer.get(TESTKIT.system()).materializer(),
                new Distrusted(settings.tier()),
                settings.tier()));
  }

  @AfterEach
  void close() {
    pool.close();
    disk.close();
  }

  private ChunkReader wanted(byte[] chunk) {
    ChunkReader reader = arrivals.chunk(id(chunk), chunk.length);
    reader.prefetch();
    return reader;
  }

  @Test
  void aFetchThatHasNotBegunIsGivenUpWhenItsLastReaderLeaves() throws Exception {
    // Given: one is fetched, three wait
    List<byte[]> chunks = List.of(bytes(1, LENGTH), bytes(2, LENGTH), bytes(3, LENGTH));
    ChunkReader fetched = wanted(chunks.get(0));
    Eventually.holds(() -> objects.asked.size() == 1);
    ChunkReader leaves = wanted(chunks.get(1));
    CompletionStage<Integer> unread = leaves.ready(0, 10);
    ChunkReader stays = wanted(chunks.get(2));
    ChunkReader leavesToo = wanted(chunks.get(2));
    // When
    leaves.close();
    leavesToo.close();
    objects.answer(chunks.get(0));
    // Then
    Eventually.within(Duration.ofSeconds(10), () -> objects.asked.contains(id(chunks.get(2))));
    assertThat(objects.asked).containsExactly(id(chunks.get(0)), id(chunks.get(2)));
    assertThatThrownBy(() -> get(unread)).isInstanceOf(ExecutionException.class);
    objects.answer(chunks.get(2));
    assertThat(get(stays.ready(LENGTH - 1, 1))).isEqualTo(1);
    assertThat(stays.read(0, LENGTH).toArray()).isEqualTo(chunks.get(2));
    // When it is wanted again
    ChunkReader again = wanted(chunks.get(1));
    // Then
    Eventually.holds(() -> objects.asked.contains(id(chunks.get(1))));
    objects.answer(chunks.get(1));
    assertThat(get(again.ready(LENGTH - 1, 1))).isEqualTo(1);
    List.of(fetched, stays, again).forEach(ChunkReader::close);
  }

  @Test
  void allThatWaitLearnThatNoneCanBegin() throws Exception {
    // Given
    byte[] first = bytes(1, LENGTH);
    ChunkReader fetched = wanted(first);
    Eventually.holds(() -> objects.asked.size() == 1);
    List<CompletionStage<Integer>> waiting = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      ChunkReader reader = arrivals.chunk(id(String.valueOf(i).getBytes()), LENGTH);
      waiting.add(reader.ready(0, 1));
    }
    // When there is no thread for any of them
    pool.close();
    objects.answer(first);
    // Then
    Eventually.within(
        Duration.ofSeconds(20),
        () -> waiting.stream().allMatch(one -> one.toCompletableFuture().isDone()));
    fetched.close();
  }
}
