package dev.weir.fill;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginTimeouts;
import dev.weir.store.ChunkStore;
import dev.weir.store.LocalStores;
import dev.weir.store.StoreSettings;
import dev.weir.testing.FilesUnder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** A registry over real chunk files, with a keeper that writes down what it is told. */
public final class FillHarness implements FillEvents, AutoCloseable {
  static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));

  public final ActorSystem data;
  public final LocalStores stores;
  public final TestOrigins origins = new TestOrigins();
  public final FillRegistry fills;
  volatile PeerFills peers = PeerFills.NONE;
  final Deque<Succession> successions = new ConcurrentLinkedDeque<>();
  final AtomicInteger asked = new AtomicInteger();
  volatile Supplier<CompletionStage<Succession>> succession =
      () -> CompletableFuture.completedStage(successions.remove());
  final List<Entry> committed = new CopyOnWriteArrayList<>();
  final List<String> ended = new CopyOnWriteArrayList<>();
  private final Path folder;
  private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();

  public FillHarness(Path folder, String overrides) {
    this(folder, overrides, store -> store);
  }

  FillHarness(Path folder, String overrides, UnaryOperator<ChunkStore> wrap) {
    this.folder = folder;
    this.data = ActorSystem.create("data", ConfigFactory.load());
    this.stores =
        LocalStores.open(
            folder,
            StoreSettings.from(
                ConfigFactory.parseString("weir.store.chunks.min-free-bytes = 1M")
                    .withFallback(ConfigFactory.parseResources("reference/store.conf"))
                    .resolve()
                    .getConfig("weir.store")));
    FillSettings settings =
        FillSettings.from(
            ConfigFactory.parseString("weir.fill { " + overrides + " }")
                .withFallback(ConfigFactory.parseResources("reference/fill.conf"))
                .resolve()
                .getConfig("weir.fill"));
    this.fills =
        new FillRegistry(
            settings,
            data,
            blocking,
            origins,
            wrap.apply(stores.chunks()),
            (leader, fill, from) -> peers.open(leader, fill, from),
            this);
  }

  public FillPlan plan(FillPlan.Judge judge) {
    return plan(judge, false);
  }

  FillPlan plan(FillPlan.Judge judge, boolean rangeStarted) {
    Grant grant = new Grant(KEY, FillId.random(), Epoch.FIRST, new NodeId("n1"));
    RequestHead head =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/x", Headers.EMPTY);
    OriginRequest request = OriginRequest.of(head, new OriginTimeouts(1000, 1000, 0));
    return new FillPlan(grant, request, judge, head.url(), rangeStarted);
  }

  /** A fill of whatever the origin answers, which may be stored. */
  Fill start() {
    return fills.start(plan(FillHarness::store));
  }

  /** Everything may be stored. */
  public static FillIntent store(dev.weir.http.ResponseHead head, long sent, long received) {
    return new FillIntent.Store(
        new StoredResponse(head.status(), "", head.headers(), "GET", sent, received),
        VariantKey.NONE,
        List.of());
  }

  public byte[] read(Fill fill) {
    return read(fill.read(0, Long.MAX_VALUE));
  }

  public byte[] read(Source<ByteString, ?> bytes) {
    return await(bytes.runFold(ByteString.emptyByteString(), ByteString::concat, data)).toArray();
  }

  CompletionStage<String> digest(Source<ByteString, ?> bytes) {
    MessageDigest digest = sha256();
    return bytes
        .runWith(Sink.foreach(piece -> digest.update(piece.toArray())), data)
        .thenApply(done -> HexFormat.of().formatHex(digest.digest()));
  }

  static String digest(byte[] bytes) {
    return HexFormat.of().formatHex(sha256().digest(bytes));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  public static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  public static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  public static Throwable failure(CompletionStage<?> stage) {
    return await(
        stage.handle(
            (ok, failed) -> failed instanceof CompletionException ? failed.getCause() : failed));
  }

  public static void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("the condition never came true");
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  long spoolFiles() {
    return FilesUnder.of(folder.resolve("spool")).count();
  }

  long chunks() {
    try (var held = stores.chunks().list()) {
      return held.count();
    }
  }

  @Override
  public void head(Grant grant, FillIntent intent) {}

  @Override
  public void progress(Grant grant, long bytes) {}

  @Override
  public CompletionStage<Commit> commit(Grant grant, Entry entry, List<String> vary) {
    committed.add(entry);
    return stores.retention().committed(entry).thenApply(named -> new Commit.Done(entry));
  }

  @Override
  public CompletionStage<Succession> orphaned(
      FillPlan plan, Grant lost, FillIntent.Store intent, long bytes) {
    asked.incrementAndGet();
    return succession.get();
  }

  @Override
  public CompletionStage<Boolean> handOver(Grant grant, FillIntent.Store intent, Runnable letGo) {
    letGo.run();
    return CompletableFuture.completedStage(true);
  }

  @Override
  public void ended(Grant grant, Ending ending, String reason) {
    ended.add(ending + " " + reason);
  }

  @Override
  public void close() {
    await(fills.close());
    data.terminate();
    await(data.getWhenTerminated());
    stores.close();
    blocking.close();
  }
}
