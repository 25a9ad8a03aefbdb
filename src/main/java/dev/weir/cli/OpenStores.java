package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import dev.weir.log.LogSettings;
import dev.weir.log.ProcessLog;
import dev.weir.store.MetadataStore;
import dev.weir.store.ObjectStore;
import dev.weir.store.RocksMetadataStore;
import dev.weir.store.StoreSettings;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.store.s3.S3Access;
import dev.weir.store.s3.S3ObjectStore;
import dev.weir.store.s3.S3StoreSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;

/**
 * The stores that the settings of {@code weir serve} name, opened by a command while no node of
 * this data folder runs. Nothing is put in order, evicted or uploaded meanwhile.
 */
final class OpenStores implements AutoCloseable {
  private final ActorSystem system;
  private final MetadataStore metadata;
  private final Optional<ObjectStore> objects;

  private OpenStores(ActorSystem system, MetadataStore metadata, Optional<ObjectStore> objects) {
    this.system = system;
    this.metadata = metadata;
    this.objects = objects;
  }

  /**
   * Only warnings go to standard error, unless more is asked for: a command's output is its own.
   */
  static ProcessLog quietLog(Config config) {
    Config log = config.getConfig("weir.log");
    boolean asked = config.getBoolean("weir.verbose") || config.getBoolean("weir.debug");
    return ProcessLog.start(
        LogSettings.from(
            asked ? log : log.withValue("level", ConfigValueFactory.fromAnyRef("warn"))));
  }

  /** Opens them; fails with one sentence if another process uses the data folder. */
  static OpenStores open(ServeSettings settings) {
    Config rooms = settings.config().getConfig("weir");
    S3StoreSettings s3 = S3StoreSettings.from(rooms.getConfig("store.s3"));
    ActorSystem system =
        DataSystem.create("weir-command", s3.pools().withFallback(settings.config()));
    boolean opened = false;
    try {
      MetadataStore metadata = metadata(settings.dataDir(), rooms, system);
      OpenStores stores =
          new OpenStores(
              system,
              metadata,
              s3.isWanted()
                  ? Optional.of(new S3ObjectStore(s3, S3Access.standard(s3), system))
                  : Optional.empty());
      opened = true;
      return stores;
    } finally {
      if (!opened) {
        system.terminate();
      }
    }
  }

  private static MetadataStore metadata(Path folder, Config rooms, ActorSystem system) {
    Config elastic = rooms.getConfig("store.elasticsearch");
    if (ElasticSettings.isConfigured(elastic)) {
      return ElasticMetadataStore.open(system, ElasticSettings.from(elastic));
    }
    Path own = folder.resolve("metadata");
    if (!Files.isDirectory(own)) {
      throw new SettingsException(
          "nothing has been stored in %s; name the data folder with --data-dir".formatted(folder));
    }
    return RocksMetadataStore.open(own, StoreSettings.from(rooms.getConfig("store")).metadata());
  }

  MetadataStore metadata() {
    return metadata;
  }

  Optional<ObjectStore> objects() {
    return objects;
  }

  ActorSystem system() {
    return system;
  }

  @Override
  public void close() {
    metadata.close();
    objects.ifPresent(ObjectStore::close);
    system.terminate();
    try {
      system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException | java.util.concurrent.TimeoutException slow) {
      // The process ends in a moment and takes with it what is left.
    }
  }
}
