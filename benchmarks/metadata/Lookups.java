import com.typesafe.config.ConfigFactory;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.Document;
import dev.weir.store.MetadataStore;
import dev.weir.store.RocksMetadataStore;
import dev.weir.store.StoreSettings;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.actor.ActorSystem;

/**
 * Lookups per second of a metadata store, as a keeper makes them: an entry and its vary index in
 * one read, of keys drawn at random. Loads for a limited time first (0 s: what an earlier run left
 * is there), then reads for ten seconds with 1, with 64 and with 512 reads under way.
 *
 * <pre>
 * java -cp 'target/classes:target/lib/*' benchmarks/metadata/Lookups.java FOLDER|URL SECONDS [ENTRIES]
 * </pre>
 */
final class Lookups {
  private static final int WRITES_UNDER_WAY = 2000;
  private static final long READ_SECONDS = 10;

  public static void main(String... arguments) throws Exception {
    long loadSeconds = Long.parseLong(arguments[1]);
    int most = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1_000_000;
    ActorSystem system =
        ActorSystem.create(
            "lookups",
            ConfigFactory.parseString("pekko.fail-mixed-versions = off, pekko.loglevel = ERROR")
                .withFallback(ConfigFactory.load()));
    try (MetadataStore store = open(arguments[0], system)) {
      int loaded = loadSeconds == 0 ? most : load(store, most, loadSeconds);
      for (int underWay : new int[] {1, 64, 512}) {
        read(store, loaded, underWay);
      }
    } finally {
      system.terminate();
    }
  }

  private static MetadataStore open(String where, ActorSystem system) throws Exception {
    var reference = ConfigFactory.parseResources("reference/store.conf").resolve();
    if (!where.startsWith("http")) {
      var settings = StoreSettings.from(reference.getConfig("weir.store")).metadata();
      return RocksMetadataStore.open(Path.of(where), settings);
    }
    var settings =
        ConfigFactory.parseMap(
                Map.of(
                    "url", where,
                    "index", "weir_lookups",
                    "shards", 1,
                    "replicas", 0,
                    "reads.timeout", "30s",
                    "writes.timeout", "30s",
                    "connections.idle-timeout", "60s"))
            .withFallback(reference.getConfig("weir.store.elasticsearch"));
    ElasticMetadataStore store = ElasticMetadataStore.open(system, ElasticSettings.from(settings));
    store.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    return store;
  }

  private static int load(MetadataStore store, int most, long seconds) throws Exception {
    Semaphore places = new Semaphore(WRITES_UNDER_WAY);
    LongAdder failed = new LongAdder();
    long begun = System.nanoTime();
    long end = begun + TimeUnit.SECONDS.toNanos(seconds);
    int count = 0;
    while (count < most && System.nanoTime() < end) {
      places.acquire();
      store
          .write(new Document.EntryDocument(entry(count++)), MetadataStore.Version.ABSENT)
          .whenComplete(
              (done, failure) -> {
                places.release();
                if (failure != null) {
                  failed.increment();
                }
              });
    }
    places.acquire(WRITES_UNDER_WAY);
    double took = (System.nanoTime() - begun) / 1e9;
    System.out.printf(
        "loaded %,d entries in %.1f s: %,.0f writes/s, %d failed%n",
        count, took, count / took, failed.sum());
    return count;
  }

  private static void read(MetadataStore store, int entries, int underWay) throws Exception {
    Semaphore places = new Semaphore(underWay);
    LongAdder found = new LongAdder();
    LongAdder failed = new LongAdder();
    SplittableRandom random = new SplittableRandom(7);
    long begun = System.nanoTime();
    long end = begun + TimeUnit.SECONDS.toNanos(READ_SECONDS);
    long count = 0;
    while (System.nanoTime() < end) {
      places.acquire();
      count++;
      PrimaryKey key = key(random.nextInt(entries));
      store
          .read(List.of(key.documentId(), key.varyIndexId()))
          .whenComplete(
              (both, failure) -> {
                places.release();
                if (failure != null) {
                  failed.increment();
                } else if (both.getFirst().isPresent()) {
                  found.increment();
                }
              });
    }
    places.acquire(underWay);
    double took = (System.nanoTime() - begun) / 1e9;
    System.out.printf(
        "%d under way: %,.0f lookups/s (mean %.2f ms), %,d found, %d failed%n",
        underWay, count / took, underWay * took * 1000 / count, found.sum(), failed.sum());
  }

  private static PrimaryKey key(int number) {
    return new PrimaryKey("https", "packages.test", "%056x".formatted(number));
  }

  private static Entry entry(int number) {
    Headers headers =
        Headers.of(
            "Content-Type",
            "application/octet-stream",
            "ETag",
            "\"" + number + "\"",
            "Cache-Control",
            "max-age=86400",
            "Last-Modified",
            "Thu, 01 Jan 2026 00:00:00 GMT");
    return new Entry(
        key(number),
        VariantKey.NONE,
        "https://packages.test/pool/package-" + number + ".deb",
        new StoredResponse(200, "OK", headers, "GET", 1_700_000_000_000L, 1_700_000_000_100L),
        new Body.Inline(new byte[300]),
        Epoch.FIRST,
        new FillId("f" + number));
  }

  private Lookups() {}
}
