package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.moving.Stores;
import dev.weir.moving.Waiting;
import dev.weir.store.ChunkReader;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore;
import dev.weir.store.ObjectStore;
import dev.weir.store.RocksMetadataStore;
import dev.weir.store.StoreException;
import dev.weir.store.StoreSettings;
import dev.weir.store.collect.ClaimedObjects;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.store.s3.S3Access;
import dev.weir.store.s3.S3ObjectStore;
import dev.weir.store.s3.S3StoreSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.SystemMaterializer;

/** The stores that the settings of {@code weir serve} name, to be moved into without a node. */
interface ImportStores extends Stores, AutoCloseable {
  /** Of one put; a store's own limits are below it. */
  long CALL_MILLIS = 600_000;

  @Override
  void close();

  /**
   * Opens or makes them; a command has more time for an answer than a request has.
   *
   * @param system whose configuration holds the pools of the S3 settings
   */
  static ImportStores open(ServeSettings settings, ActorSystem system) {
    Config room = patient(settings.config().getConfig("weir.store"));
    S3StoreSettings s3 = S3StoreSettings.from(room.getConfig("s3"));
    StoreSettings local = StoreSettings.from(room);
    boolean elastic = ElasticSettings.isConfigured(room.getConfig("elasticsearch"));
    if (!s3.isWanted()) {
      return new OnDisk(
          owned(
              () ->
                  elastic
                      ? LocalStores.openWith(
                          elastic(room, system),
                          settings.dataDir(),
                          local,
                          SystemMaterializer.get(system).materializer())
                      : LocalStores.open(settings.dataDir(), local)));
    }
    MetadataStore metadata =
        elastic
            ? elastic(room, system)
            : owned(
                () ->
                    RocksMetadataStore.open(
                        settings.dataDir().resolve("metadata"), local.metadata()));
    CollectionSettings collection = CollectionSettings.from(room.getConfig("collection"));
    ObjectStore objects =
        new ClaimedObjects(
            new S3ObjectStore(s3, S3Access.standard(s3), system),
            metadata.notes(),
            collection,
            InstantSource.system());
    return new InS3(
        metadata, objects, scratch(), TimeUnit.MILLISECONDS.toNanos(collection.graceMillis() / 2));
  }

  private static Config patient(Config room) {
    return room.withValue("elasticsearch.reads.timeout", ConfigValueFactory.fromAnyRef("10s"))
        .withValue("elasticsearch.writes.timeout", ConfigValueFactory.fromAnyRef("30s"))
        .withValue("elasticsearch.connections.idle-timeout", ConfigValueFactory.fromAnyRef("30s"));
  }

  private static ElasticMetadataStore elastic(Config room, ActorSystem system) {
    ElasticMetadataStore metadata =
        ElasticMetadataStore.open(system, ElasticSettings.from(room.getConfig("elasticsearch")));
    boolean ready = false;
    try {
      Waiting.on(metadata.ready(), 60_000);
      ready = true;
      return metadata;
    } finally {
      if (!ready) {
        metadata.close();
      }
    }
  }

  /** Something that a running node keeps to itself. */
  private static <T> T owned(Supplier<T> opening) {
    try {
      return opening.get();
    } catch (StoreException e) {
      throw new SettingsException(
          e.getMessage() + " If a node runs on this data folder, stop it while entries move in.");
    }
  }

  private static Path scratch() {
    try {
      return Files.createTempDirectory("weir-import-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Chunks in S3, safe beside running nodes and their collector. */
  record InS3(MetadataStore metadata, ObjectStore objects, Path scratch, long youngNanos)
      implements ImportStores {
    @Override
    public Batch begin() {
      long begunNanos = System.nanoTime();
      return new Batch() {
        private final List<Path> files = new ArrayList<>();

        @Override
        public Path newFile() {
          try {
            Path file = Files.createTempFile(scratch, "chunk", "");
            files.add(file);
            return file;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }

        @Override
        public void put(ChunkId id, Path file, long lengthBytes) {
          var _ = Waiting.on(objects.put(id, file, lengthBytes, false), CALL_MILLIS);
          delete(file);
          files.remove(file);
        }

        @Override
        public void requireYoung() {
          if (System.nanoTime() - begunNanos > youngNanos) {
            throw new StoreException(
                StoreException.Kind.UNAVAILABLE,
                "A body took longer than half of collection.grace.");
          }
        }

        @Override
        public void committed(Entry entry) {}

        @Override
        public void close() {
          files.forEach(InS3::delete);
        }
      };
    }

    private static void delete(Path file) {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() {
      metadata.close();
      objects.close();
      try {
        Files.deleteIfExists(scratch);
      } catch (IOException left) {
        // It is in the folder for temporary files.
      }
    }
  }

  /** Chunks in the data folder, which is ours alone meanwhile. */
  record OnDisk(LocalStores stores) implements ImportStores {
    @Override
    public MetadataStore metadata() {
      return stores.metadata();
    }

    @Override
    public Batch begin() {
      return new Batch() {
        private final List<ChunkReader> pins = new ArrayList<>();

        @Override
        public Path newFile() {
          return stores.chunks().newSpoolFile();
        }

        @Override
        public void put(ChunkId id, Path file, long lengthBytes) {
          pins.add(Waiting.on(stores.chunks().adopt(id, file, lengthBytes), CALL_MILLIS));
        }

        @Override
        public void requireYoung() {}

        @Override
        public void committed(Entry entry) {
          Waiting.on(stores.retention().committed(entry), CALL_MILLIS); // the pins go after it
        }

        @Override
        public void close() {
          pins.forEach(ChunkReader::close);
        }
      };
    }

    @Override
    public void close() {
      stores.close();
    }
  }
}
