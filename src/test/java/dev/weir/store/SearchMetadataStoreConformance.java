package dev.weir.store;

import com.typesafe.config.ConfigFactory;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.testing.SearchServer;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** The conformance suite on a real server, each test in an index of its own. */
abstract class SearchMetadataStoreConformance extends MetadataStoreConformance {
  private static ActorTestKit streams;
  private final String index = "weir_" + UUID.randomUUID();

  abstract SearchServer server();

  @BeforeAll
  static void startStreams() {
    streams = newStreams();
  }

  /** Pekko HTTP beside an older module of its own, which the S3 connector needs. */
  static ActorTestKit newStreams() {
    return ActorTestKit.create(
        ConfigFactory.parseString("pekko.fail-mixed-versions = off")
            .withFallback(ConfigFactory.load()));
  }

  @AfterAll
  static void stopStreams() {
    streams.shutdownTestKit();
  }

  static ActorSystem system() {
    return streams.system().classicSystem();
  }

  final String index() {
    return index;
  }

  @Override
  MetadataStore open() {
    ElasticMetadataStore opened =
        ElasticMetadataStore.open(system(), settings(server(), index, Map.of()));
    try {
      opened.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return opened;
  }

  /** The defaults, with more patience: the machine is busy. */
  static ElasticSettings settings(SearchServer server, String index, Map<String, ?> overrides) {
    Map<String, Object> all = new HashMap<>();
    all.put("url", server.url().toString());
    all.put("index", index);
    all.put("shards", 2);
    all.put("replicas", 0);
    all.put("reads.timeout", "15s");
    all.put("writes.timeout", "15s");
    all.put("connections.idle-timeout", "20s");
    all.putAll(overrides);
    return ElasticSettings.from(
        ConfigFactory.parseMap(all)
            .withFallback(
                ConfigFactory.parseResources("reference/store.conf")
                    .resolve()
                    .getConfig("weir.store.elasticsearch")));
  }

  @AfterEach
  void deleteIndices() throws Exception {
    server().call("DELETE", index, "");
    server().call("DELETE", index + "_access", "");
    server().call("DELETE", index + "_notes", "");
  }
}
