package dev.weir.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.ChunkId;
import dev.weir.store.collect.Checker;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.s3.S3StoreRig;
import dev.weir.store.s3.S3StoreSettings;
import dev.weir.testing.S3Server;
import dev.weir.testing.SearchServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collection over a real Elasticsearch and a real S3 server, each test in a prefix of its own. */
@Tag("stores")
class CollectionIT extends CollectionConformance {
  @TempDir static Path served;
  private static S3Server s3;
  private static SearchServer search;
  private static ActorSystem system;
  private final String name = "weir_" + UUID.randomUUID();
  private MetadataStore metadata;
  private ObjectStore objects;

  @BeforeAll
  static void start() throws Exception {
    search = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    s3 = S3Server.start(served, "weir");
    system =
        ActorSystem.create(
            "collection",
            S3StoreRig.settings(s3.endpoint(), Map.of())
                .pools()
                .withFallback(ConfigFactory.parseString("pekko.fail-mixed-versions = off"))
                .withFallback(ConfigFactory.load()));
  }

  @AfterAll
  static void stop() {
    if (system != null) {
      TestKit.shutdownActorSystem(system);
      s3.close();
    }
  }

  @BeforeEach
  void open() throws Exception {
    S3StoreSettings settings =
        S3StoreRig.settings(s3.endpoint(), Map.of("prefix", name + "/", "min-backoff", "10ms"));
    objects = S3StoreRig.store(settings, system);
    ElasticMetadataStore opened =
        ElasticMetadataStore.open(
            system, SearchMetadataStoreConformance.settings(search, name, Map.of()));
    opened.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    metadata = opened;
  }

  @AfterEach
  void close() throws Exception {
    metadata.close();
    for (String index : new String[] {name, name + "_access", name + "_notes"}) {
      search.call("DELETE", index, "");
    }
  }

  @Test
  void aDocumentThatCannotBeDecodedStopsCollectionUntilACheckHasRemovedIt() throws Exception {
    // Given
    store("whole", Samples.bytes(80, 2500));
    search.call("PUT", name + "/_doc/odd?refresh=true", "{\"doc_type\":\"meta\"}");

    // When
    assertThatThrownBy(() -> collectAt(Duration.ZERO)).hasMessageContaining("odd");
    Checker.Report looked = check(false, false);
    Checker.Report healed = check(false, true);

    // Then
    assertThat(looked.damagedDocuments()).isEqualTo(1);
    assertThat(looked).matches(report -> !report.isHealed());
    assertThat(healed.damagedDocuments()).isEqualTo(1);
    assertThat(healed).matches(Checker.Report::isHealed);
    assertThat(check(false, false)).matches(Checker.Report::isClean);
    assertThat(collectAt(Duration.ZERO).entries()).isEqualTo(1);
  }

  @Override
  MetadataStore metadata() {
    return metadata;
  }

  @Override
  ObjectStore objects() {
    return objects;
  }

  @Override
  ActorSystem system() {
    return system;
  }

  @Override
  void damage(ChunkId id) throws Exception {
    for (Path object : s3.objects("weir")) {
      if (object.toString().contains(name) && object.endsWith(id.hex())) {
        byte[] bytes = Files.readAllBytes(object);
        bytes[0] ^= 1;
        Files.write(object, bytes);
      }
    }
  }
}
