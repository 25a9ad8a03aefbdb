package dev.weir.cache;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.FabricSettings;
import dev.weir.cluster.FabricSystem;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.FillRegistry;
import dev.weir.fill.FillSettings;
import dev.weir.fill.PeerFills;
import dev.weir.fill.TestOrigins;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginTimeouts;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore;
import dev.weir.store.StoreSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A node with real stores, real fills and, once joined, a real fabric; only the origin is played.
 */
final class CacheHarness implements AutoCloseable {
  private static final AtomicInteger KEYS = new AtomicInteger();

  final ActorSystem data = ActorSystem.create("data", ConfigFactory.load());
  final TestOrigins origins = new TestOrigins();
  final LocalStores stores;
  final NodeCache cache;
  volatile PeerFills peers = PeerFills.NONE;
  private final FabricSystem fabric;
  private volatile org.apache.pekko.actor.typed.@Nullable ActorSystem<?> running;
  private final ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();

  CacheHarness(Path folder, String overrides) {
    this(folder, overrides, store -> store);
  }

  CacheHarness(Path folder, String overrides, UnaryOperator<MetadataStore> wrap) {
    this(folder, overrides, wrap, new NodeId("n1"));
  }

  CacheHarness(Path folder, String overrides, UnaryOperator<MetadataStore> wrap, NodeId node) {
    stores = stores(folder);
    FillSettings fills =
        FillSettings.from(room("fill", "weir.fill { tick = 100 ms, linger = 1 s }"));
    cache =
        new NodeCache(
            CacheSettings.from(room("cache", "weir.cache { " + overrides + " }")),
            node,
            wrap.apply(stores.metadata()),
            stores.retention(),
            data.dispatcher(),
            events ->
                new FillRegistry(
                    fills,
                    data,
                    blocking,
                    origins,
                    stores.chunks(),
                    (leader, fill, from) -> peers.open(leader, fill, from),
                    events));
    fabric =
        new FabricSystem(
            FabricSettings.from(
                room(
                    "cluster",
                    "weir.cluster { pekko.loglevel = WARNING, restart-delay = 100 ms }")),
            null,
            (system, heard) -> {
              running = system;
              cache.attach(system, heard);
            },
            cache::detach,
            refused -> {});
  }

  /** Stores in that folder, on however full a disk. */
  static LocalStores stores(Path folder) {
    return LocalStores.open(
        folder, StoreSettings.from(room("store", "weir.store.chunks.min-free-bytes = 1M")));
  }

  static Config room(String name, String overrides) {
    return ConfigFactory.parseString(overrides)
        .withFallback(ConfigFactory.parseResources("reference/" + name + ".conf"))
        .resolve()
        .getConfig("weir." + name);
  }

  CacheHarness joined() {
    fabric.start();
    until(cache::isAttached);
    return this;
  }

  /** Ends the fabric's system as a split-brain resolver would; another follows. */
  void breakFabric() {
    var system = java.util.Objects.requireNonNull(running);
    system.terminate();
    until(() -> !cache.isAttached());
  }

  static PrimaryKey key() {
    return new PrimaryKey("http", "origin.test", "%056x".formatted(KEYS.incrementAndGet()));
  }

  /** The variant of a request that sends that one value for whatever the key varies by. */
  static Function<List<String>, VariantKey> variant(String value) {
    return names ->
        names.isEmpty()
            ? VariantKey.NONE
            : new VariantKey("%056x".formatted((names + value).hashCode() & 0xffffffffL));
  }

  static Question look(PrimaryKey key) {
    return look(key, "");
  }

  static Question look(PrimaryKey key, String value) {
    return new Question(key, variant(value), Question.Intent.LOOK, null);
  }

  Verdict ask(Question question) {
    return await(cache.ask(question));
  }

  Fill lead(Verdict verdict) {
    return lead(verdict, storing("", List.of()));
  }

  Fill lead(Verdict verdict, FillPlan.Judge judge) {
    Grant grant = grant(verdict);
    RequestHead head =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/x", Headers.EMPTY);
    OriginRequest request = OriginRequest.of(head, new OriginTimeouts(1000, 1000, 0));
    return cache.lead(grant, new FillPlan(grant, request, judge, head.url(), false));
  }

  static Grant grant(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Lead(Grant grant) -> grant;
      case Verdict.Validate(Grant grant, var entry) -> grant;
      default -> throw new AssertionError("no grant in " + verdict);
    };
  }

  /** Stores whatever comes, as the variant of a request with that value. */
  static FillPlan.Judge storing(String value, List<String> vary) {
    return (head, sent, received) ->
        new FillIntent.Store(stored(head, sent, received), variant(value).apply(vary), vary);
  }

  static StoredResponse stored(ResponseHead head, long sent, long received) {
    return new StoredResponse(head.status(), "", head.headers(), "GET", sent, received);
  }

  String read(Fill fill) {
    return await(
            fill.read(0, Long.MAX_VALUE)
                .runFold(ByteString.emptyByteString(), ByteString::concat, data))
        .utf8String();
  }

  static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(20, TimeUnit.SECONDS).join();
  }

  static void until(BooleanSupplier condition) {
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

  static byte[] bytes(@Nullable String text) {
    return text == null ? new byte[0] : text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
  }

  void leaveFabric() {
    await(fabric.stop());
  }

  @Override
  public void close() {
    await(fabric.stop());
    await(((FillRegistry) cache.fills()).close());
    data.terminate();
    await(data.getWhenTerminated());
    stores.close();
    blocking.close();
  }
}
