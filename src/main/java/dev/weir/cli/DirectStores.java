package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore;
import dev.weir.store.ObjectStore;
import dev.weir.store.RocksMetadataStore;
import dev.weir.store.StoreException;
import dev.weir.store.StoreSettings;
import dev.weir.store.collect.ChunkHome;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.collect.DirectRemover;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.store.s3.S3Access;
import dev.weir.store.s3.S3ObjectStore;
import dev.weir.store.s3.S3StoreSettings;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;

/** The stores that the settings of {@code weir serve} name, opened without a node. */
final class DirectStores implements AutoCloseable {
  private static final long READY_SECONDS = 60;

  private final Closings closings;
  private final StoreCare care;

  private DirectStores(Closings closings, StoreCare care) {
    this.closings = closings;
    this.care = care;
  }

  StoreCare care() {
    return care;
  }

  static DirectStores open(Config config) {
    ServeSettings settings = ServeSettings.from(config);
    Config room = config.getConfig("weir.store");
    S3StoreSettings s3 = S3StoreSettings.from(room.getConfig("s3"));
    ActorSystem system = ActorSystem.create("weir-care", s3.pools().withFallback(config));
    Closings closings = new Closings(config.getDuration("weir.node.close-timeout"));
    closings.addStage(
        "streams",
        () -> {
          system.terminate();
          return system.getWhenTerminated();
        });
    boolean opened = false;
    try {
      DirectStores stores = open(settings.dataDir(), room, s3, system, closings);
      opened = true;
      return stores;
    } finally {
      if (!opened) {
        closings.closeAll();
      }
    }
  }

  private static DirectStores open(
      Path dataDir, Config room, S3StoreSettings s3, ActorSystem system, Closings closings) {
    StoreSettings local = StoreSettings.from(room);
    CollectionSettings collection = CollectionSettings.from(room.getConfig("collection"));
    Materializer streams = SystemMaterializer.get(system).materializer();
    boolean elastic = ElasticSettings.isConfigured(room.getConfig("elasticsearch"));
    if (!s3.isWanted()) {
      LocalStores stores =
          elastic
              ? LocalStores.openWith(elastic(room, system), dataDir, local, streams)
              : locked(() -> LocalStores.open(dataDir, local));
      closings.add("stores", stores::close);
      return new DirectStores(
          closings,
          new StoreCare(
              stores.metadata(),
              null,
              ChunkHome.of(stores.chunks(), Runnable::run, collection.checkReadBytes()),
              collection,
              new DirectRemover(stores.metadata()),
              streams));
    }
    MetadataStore metadata =
        elastic
            ? elastic(room, system)
            : locked(() -> RocksMetadataStore.open(dataDir.resolve("metadata"), local.metadata()));
    closings.add("metadata", metadata::close);
    ObjectStore objects = new S3ObjectStore(s3, S3Access.standard(s3), system);
    return new DirectStores(
        closings,
        new StoreCare(
            metadata,
            objects,
            ChunkHome.of(objects),
            collection,
            new DirectRemover(metadata),
            streams));
  }

  /** Something that a running node keeps to itself. */
  private static <T> T locked(Supplier<T> opening) {
    try {
      return opening.get();
    } catch (StoreException e) {
      throw new SettingsException(
          e.getMessage()
              + " If a node runs on it, name its health port with --admin and it does the work;"
              + " else stop what uses it.");
    }
  }

  private static ElasticMetadataStore elastic(Config room, ActorSystem system) {
    ElasticMetadataStore metadata =
        ElasticMetadataStore.open(system, ElasticSettings.from(room.getConfig("elasticsearch")));
    try {
      metadata.ready().toCompletableFuture().get(READY_SECONDS, TimeUnit.SECONDS);
      return metadata;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SettingsException("interrupted");
    } catch (ExecutionException | TimeoutException e) {
      throw new SettingsException(
          "Elasticsearch does not answer: "
              + (e.getCause() == null ? "no answer in time" : e.getCause().getMessage()));
    }
  }

  @Override
  public void close() {
    closings.closeAll();
  }
}
