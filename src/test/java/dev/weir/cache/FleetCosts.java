package dev.weir.cache;

import com.typesafe.config.ConfigFactory;
import dev.weir.cluster.FabricSettings;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.testing.SearchServer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.serialization.SerializationExtension;

/**
 * Measures what {@code docs/scaling.md} computes with: heap of a keeper and of a near table's line,
 * and the time of a question to a keeper here and on another node. Not a test: run its main method
 * (with {@code documents} for what an entry takes in Elasticsearch alone).
 */
final class FleetCosts {
  private static final int LINES = 100_000;
  private static final int KEEPERS = 20_000;
  private static final int DOCUMENTS = 20_000;
  private static final int KEYS = 2_000;
  private static final int ROUNDS = 15;

  private FleetCosts() {}

  public static void main(String[] what) throws Exception {
    if (List.of(what).contains("documents")) {
      documents();
      System.exit(0);
    }
    Path folder = Files.createTempDirectory("weir-costs-");
    load();
    lines();
    keepers(folder.resolve("one"));
    questions(folder);
    documents();
    load();
    System.exit(0);
  }

  private static void load() {
    System.out.printf(
        "load %.1f%n", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private static long heapBytes() throws InterruptedException {
    for (int i = 0; i < 4; i++) {
      System.gc();
      Thread.sleep(200);
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static void lines() throws Exception {
    NearTable table =
        new NearTable(CacheSettings.from(CacheHarness.room("cache", "weir.cache.near-bytes = 1G")));
    long now = System.nanoTime();
    table.renewSession(now + 3_600_000_000_000L);
    long before = heapBytes();
    for (int i = 0; i < LINES; i++) {
      table.grant(
          new Lease(KnownMetadata.entry(KnownMetadata.key(i)), List.of(), 1, i, 600_000), now);
    }
    long bytes = heapBytes() - before;
    System.out.printf("near table: %d lines, %d bytes each%n", table.size(), bytes / table.size());
  }

  private static void keepers(Path folder) throws Exception {
    Set<PrimaryKey> asked = ConcurrentHashMap.newKeySet();
    try (CacheHarness node =
        new CacheHarness(
                folder,
                "near-bytes = 1, idle = 1 h, ack-timeout = 20 s, answer-timeout = 30 s",
                store -> KnownMetadata.before(store, asked))
            .joined()) {
      // What the shards and the loaded classes take is there before.
      for (int i = 0; i < 1000; i++) {
        node.ask(CacheHarness.look(KnownMetadata.key(i)));
      }
      asked.clear();
      long before = heapBytes();
      long begun = System.nanoTime();
      for (int i = 1000; i < 1000 + KEEPERS; i++) {
        node.ask(CacheHarness.look(KnownMetadata.key(i)));
      }
      double seconds = (System.nanoTime() - begun) / 1e9;
      int born = asked.size();
      asked.clear();
      System.out.printf(
          "keepers: %d born in %.1f s, %d bytes each%n",
          born, seconds, (heapBytes() - before) / born);
    }
  }

  private static void questions(Path folder) throws Exception {
    Set<PrimaryKey> here = ConcurrentHashMap.newKeySet();
    Set<PrimaryKey> there = ConcurrentHashMap.newKeySet();
    String settings = "near-bytes = 1, ack-timeout = 20 s, answer-timeout = 30 s";
    ActorSystem<Void> first = fabric();
    ActorSystem<Void> second = fabric();
    try (CacheHarness a =
            new CacheHarness(
                folder.resolve("a"),
                settings,
                store -> KnownMetadata.before(store, here),
                new NodeId("a"));
        CacheHarness b =
            new CacheHarness(
                folder.resolve("b"),
                settings,
                store -> KnownMetadata.before(store, there),
                new NodeId("b"))) {
      Cluster.get(first).manager().tell(Join.create(Cluster.get(first).selfMember().address()));
      Cluster.get(second).manager().tell(Join.create(Cluster.get(first).selfMember().address()));
      // Both, before shards are given away.
      CacheHarness.until(() -> upMembers(first) == 2 && upMembers(second) == 2);
      a.cache.attach(first, () -> true);
      b.cache.attach(second, () -> true);
      CacheHarness.until(() -> a.cache.isAttached() && b.cache.isAttached());
      for (int key = 0; key < KEYS; key++) {
        a.ask(CacheHarness.look(KnownMetadata.key(key)));
      }
      sizes(first);
      Set<PrimaryKey> moved = new HashSet<>(here);
      moved.retainAll(there);
      here.removeAll(moved);
      there.removeAll(moved);
      time("keeper on the same node", a, here);
      time("keeper on the other node", a, there);
    } finally {
      first.terminate();
      second.terminate();
    }
  }

  /** What an answer takes on the wire, without Artery's own envelope. */
  private static void sizes(ActorSystem<?> fabric) {
    Lease lease = new Lease(KnownMetadata.entry(KnownMetadata.key(1)), List.of(), 1, 1, 60_000);
    byte[] answer =
        SerializationExtension.get(fabric)
            .serialize(new NodeMessage.Answered(1, new Answer.Stored(lease)))
            .get();
    System.out.printf("an answer with a lease: %d bytes%n", answer.length);
  }

  /** What an entry takes in Elasticsearch, without replicas. */
  private static void documents() throws Exception {
    SearchServer search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    org.apache.pekko.actor.ActorSystem system =
        org.apache.pekko.actor.ActorSystem.create("documents", ConfigFactory.load());
    var settings =
        ConfigFactory.parseMap(
                Map.of(
                    "url", search.url().toString(), "index", "costs", "shards", 1, "replicas", 0))
            .withFallback(ConfigFactory.parseMap(Map.of("writes.timeout", "60s")))
            .withFallback(CacheHarness.room("store", "").getConfig("elasticsearch"));
    try (ElasticMetadataStore store =
        ElasticMetadataStore.open(system, ElasticSettings.from(settings))) {
      store.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
      Semaphore places = new Semaphore(500);
      for (int i = 0; i < DOCUMENTS; i++) {
        places.acquire();
        store
            .write(
                new Document.EntryDocument(KnownMetadata.entry(KnownMetadata.key(i))),
                MetadataStore.Version.ABSENT)
            .whenComplete((done, failed) -> places.release());
      }
      places.acquire(500);
      search.call("POST", "costs*/_forcemerge?max_num_segments=1", "");
      search.call("POST", "costs*/_refresh", "");
      System.out.println(search.call("GET", "_cat/indices/costs*?v&bytes=b", "").body());
    } finally {
      search.call("DELETE", "costs*", "");
      system.terminate();
    }
  }

  private static long upMembers(ActorSystem<?> fabric) {
    return StreamSupport.stream(Cluster.get(fabric).state().getMembers().spliterator(), false)
        .filter(member -> member.status().equals(MemberStatus.up()))
        .count();
  }

  /** As a node's, on a free port of loopback. */
  private static ActorSystem<Void> fabric() {
    return ActorSystem.create(
        Behaviors.empty(),
        "weir",
        FabricSettings.from(CacheHarness.room("cluster", "weir.cluster.pekko.loglevel = WARNING"))
            .system());
  }

  private static void time(String what, CacheHarness from, Set<PrimaryKey> keys) {
    long[] nanos = new long[ROUNDS * keys.size()];
    int count = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (PrimaryKey key : keys) {
        long begun = System.nanoTime();
        from.ask(CacheHarness.look(key));
        nanos[count++] = System.nanoTime() - begun;
      }
    }
    // The first third warms up.
    long[] measured = Arrays.copyOfRange(nanos, count / 3, count);
    Arrays.sort(measured);
    System.out.printf(
        "%s: %d questions, one after the other: p50 %d us, p90 %d us, p99 %d us, p99.9 %d us%n",
        what,
        measured.length,
        measured[measured.length / 2] / 1000,
        measured[measured.length * 9 / 10] / 1000,
        measured[measured.length * 99 / 100] / 1000,
        measured[(int) (measured.length * 0.999)] / 1000);
  }
}
