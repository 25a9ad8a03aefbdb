package dev.weir.cli;

import dev.weir.store.LocalStores;
import dev.weir.store.elastic.ElasticMetadataStore;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;

/**
 * What lives as long as the process: the system of streams, what a node stores in, and threads for
 * work that blocks.
 *
 * @param storage opened
 * @param blocking a thread for each task
 */
record DataPlane(
    ActorSystem system, NodeStores storage, LocalStores stores, ExecutorService blocking) {

  /** The system comes first: stores that are servers are asked by its streams. */
  static ActorSystem system(NodeBase base, NodeStores storage) {
    ActorSystem system =
        DataSystem.create(
            "weir-data", storage.s3().pools().withFallback(base.settings().flags().config()));
    base.closings().addStage("streams", () -> terminated(system));
    return system;
  }

  static DataPlane open(NodeBase base, ActorSystem system, NodeStores storage, FleetParts fleet) {
    Closings closings = base.closings();
    LocalStores stores = storage.open(system, fleet);
    closings.add("stores", stores::close);
    ExecutorService blocking = Executors.newVirtualThreadPerTaskExecutor();
    closings.add("file work", blocking::close);
    // Once more: streams end before the stores that they read from, wherever the start has stopped.
    closings.addStage("streams", () -> terminated(system));
    if (stores.metadata() instanceof ElasticMetadataStore elastic) {
      base.metrics().elastic(elastic);
      closings.add("metadata", elastic::close); // its last words need streams
    }
    base.metrics().stores(stores);
    return new DataPlane(system, storage, stores, blocking);
  }

  Materializer streams() {
    return SystemMaterializer.get(system).materializer();
  }

  /** Does something that may block again and again, for as long as the node runs. */
  void every(Duration pause, Runnable task) {
    system
        .scheduler()
        .scheduleWithFixedDelay(pause, pause, () -> blocking.execute(task), system.dispatcher());
  }

  private static CompletionStage<Terminated> terminated(ActorSystem system) {
    system.terminate();
    return system.getWhenTerminated();
  }
}
