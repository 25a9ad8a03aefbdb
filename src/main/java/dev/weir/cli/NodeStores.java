package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.store.LocalStores;
import dev.weir.store.MetadataStore;
import dev.weir.store.ObjectStore;
import dev.weir.store.RocksMetadataStore;
import dev.weir.store.StoreSettings;
import dev.weir.store.WholeObjects;
import dev.weir.store.collect.ClaimedObjects;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.store.s3.S3Access;
import dev.weir.store.s3.S3ObjectStore;
import dev.weir.store.s3.S3StoreSettings;
import dev.weir.store.s3.S3WholeObjects;
import dev.weir.store.s3.WholeSettings;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens what a node stores in: metadata and chunks each in the data folder or with their servers.
 */
final class NodeStores {
  private static final Logger LOG = LoggerFactory.getLogger(NodeStores.class);

  private final ServeSettings settings;
  private final Config rooms;
  private final CollectionSettings collection;
  private final S3StoreSettings s3;
  private Optional<ObjectStore> objects = Optional.empty();

  /** Says what is wrong with the settings of the collection, before anything is opened. */
  NodeStores(ServeSettings settings) {
    this.settings = settings;
    this.rooms = settings.config().getConfig("weir");
    this.collection = collection(rooms);
    this.s3 = S3StoreSettings.from(rooms.getConfig("store.s3"));
  }

  CollectionSettings collection() {
    return collection;
  }

  S3StoreSettings s3() {
    return s3;
  }

  /** The object store that all nodes share, once opened; empty if there is none. */
  Optional<ObjectStore> objects() {
    return objects;
  }

  LocalStores open(ActorSystem data, FleetParts fleet) {
    StoreSettings local = StoreSettings.from(rooms.getConfig("store"));
    Config elastic = rooms.getConfig("store.elasticsearch");
    Materializer streams = SystemMaterializer.get(data).materializer();
    Optional<S3ObjectStore> bucket = s3.isWanted() ? Optional.of(bucket(data)) : Optional.empty();
    objects = bucket.map(store -> store);
    fleet.requireShared(bucket.isPresent(), ElasticSettings.isConfigured(elastic));
    if (bucket.isEmpty()) {
      return ElasticSettings.isConfigured(elastic)
          ? LocalStores.openWith(
              ElasticMetadataStore.open(data, ElasticSettings.from(elastic)),
              NodeSettings.dataDir(settings),
              local,
              streams)
          : LocalStores.open(NodeSettings.dataDir(settings), local);
    }
    MetadataStore metadata =
        ElasticSettings.isConfigured(elastic)
            ? ElasticMetadataStore.open(data, ElasticSettings.from(elastic))
            : RocksMetadataStore.open(
                NodeSettings.dataDir(settings).resolve("metadata"), local.metadata());
    ObjectStore claimed =
        new ClaimedObjects(bucket.get(), metadata.notes(), collection, InstantSource.system());
    LocalStores stores = null;
    try {
      stores =
          LocalStores.openTier(
              metadata, fleet.peered(claimed), NodeSettings.dataDir(settings), local, streams);
      return stores;
    } finally {
      if (stores == null) {
        metadata.close();
      }
    }
  }

  /** A fill must have ended before its chunks can go. */
  private static CollectionSettings collection(Config rooms) {
    try {
      CollectionSettings collection = CollectionSettings.from(rooms.getConfig("store.collection"));
      long longest = rooms.getDuration("fill.max-duration").toMillis();
      if (!collection.allowsFillsOf(longest)) {
        throw new SettingsException(
            "weir.store.collection.grace: must be more than twice weir.fill.max-duration (%d s)"
                .formatted(longest / 1000));
      }
      return collection;
    } catch (IllegalArgumentException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }

  private S3ObjectStore bucket(ActorSystem data) {
    try {
      S3ObjectStore bucket = new S3ObjectStore(s3, S3Access.standard(s3), data);
      sweepUploads(bucket);
      return bucket;
    } catch (IllegalArgumentException bad) {
      throw new SettingsException("--s3-region: " + bad.getMessage());
    }
  }

  private static void sweepUploads(S3ObjectStore bucket) {
    bucket
        .sweepUploads(Instant.now())
        .whenComplete(
            (swept, failure) -> {
              if (failure != null) {
                LOG.info("Abandoned uploads in S3 were not looked for: {}", failure.toString());
              } else if (swept > 0) {
                LOG.info("{} abandoned uploads in S3 were deleted", swept);
              }
            });
  }

  /** Bodies as one object each, where there is a bucket; made when a hit is to be redirected. */
  WholeObjects whole(DataPlane data) {
    return s3.isWanted()
        ? new S3WholeObjects(
            s3,
            WholeSettings.from(rooms.getConfig("store.s3.whole")),
            collection.wholeMaxAgeMillis(),
            S3Access.standard(s3),
            data.stores().bodies(),
            Clock.systemUTC(),
            data.blocking(),
            data.system())
        : WholeObjects.NONE;
  }
}
