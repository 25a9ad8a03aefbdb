package dev.weir.store;

import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Entry;
import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.testing.Eventually;
import dev.weir.testing.SearchFaults;
import dev.weir.testing.SearchFaults.Fault;
import dev.weir.testing.SearchServer;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The store before servers that are slow, busy, wrong, read-only or gone. */
@Tag("stores")
class ElasticFaultsIT {
  private static ActorTestKit streams;
  private final String index = "faults_" + UUID.randomUUID();
  private SearchServer server;
  private SearchFaults faults;
  private ElasticMetadataStore store;

  @BeforeAll
  static void startStreams() {
    streams = SearchMetadataStoreConformance.newStreams();
  }

  @AfterAll
  static void stopStreams() {
    streams.shutdownTestKit();
  }

  @BeforeEach
  void open() throws Exception {
    server = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
    faults = SearchFaults.before(server.url());
    store = open(Map.of());
    store.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private ElasticMetadataStore open(Map<String, ?> more) {
    Map<String, Object> settings =
        new java.util.HashMap<>(
            Map.of(
                "url", faults.url().toString(),
                "shards", 1,
                "reads.timeout", "1s",
                "writes.timeout", "2s",
                "failures.probe-interval", "100ms",
                "flush-interval", "200ms"));
    settings.putAll(more);
    return ElasticMetadataStore.open(
        streams.system().classicSystem(),
        SearchMetadataStoreConformance.settings(server, index, settings));
  }

  @AfterEach
  void close() throws Exception {
    store.close();
    faults.close();
    server.call("DELETE", index, "");
    server.call("DELETE", index + "_access", "");
    server.call("DELETE", index + "_notes", "");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"SLOW", "ERROR_500", "UNAVAILABLE_503", "BUSY_429", "RESET_MID_BODY", "GARBAGE"})
  void aBadDayFailsCallsInTimeAndIsOver(Fault fault) throws Exception {
    // Given
    Entry entry = Samples.inline("kept");
    eventuallyWritten(entry);
    faults.set(fault);
    // When
    store.touch(entry.documentId(), 1_000);
    for (int i = 0; i < 6; i++) {
      assertThatThrownBy(() -> get(store.read(List.of(entry.documentId()))))
          .cause()
          .isInstanceOf(StoreException.class)
          .hasMessageStartingWith("Elasticsearch: ");
    }
    assertThatThrownBy(
            () -> get(store.write(new EntryDocument(Samples.inline("b")), Version.ABSENT)))
        .cause()
        .isInstanceOf(StoreException.class);
    assertThat(get(store.problem())).isPresent();
    faults.set(Fault.NONE);
    // Then
    Eventually.holds(() -> isRead(entry));
    Eventually.holds(() -> get(store.problem()).isEmpty());
    eventuallyWritten(Samples.inline("c"));
    Eventually.holds(() -> store.pendingUses() == 0);
    Eventually.holds(() -> store.metrics().usesWritten() == 1);
    assertThat(store.metrics().failedLookups()).isGreaterThanOrEqualTo(6);
    assertThat(store.metrics().failedWrites()).isPositive();
  }

  @Test
  void aMomentsTroubleIsTriedThrough() throws Exception {
    // Given
    faults.set(Fault.BUSY_429, 1);
    // When
    WriteResult written = get(store.write(new EntryDocument(Samples.inline("a")), Version.ABSENT));
    // Then
    assertThat(written).isInstanceOf(WriteResult.Written.class);
    assertThat(store.metrics().retries()).isPositive();
  }

  @Test
  void aWriteWhoseAnswerWasLostHasSucceeded() throws Exception {
    // Given
    Entry entry = Samples.inline("a");
    faults.set(Fault.LOST_ANSWER, 1);
    // When
    WriteResult created = get(store.write(new EntryDocument(entry), Version.ABSENT));
    Version version = ((WriteResult.Written) created).version();
    faults.set(Fault.LOST_ANSWER, 1);
    WriteResult deleted = get(store.delete(entry.documentId(), version));
    // Then
    assertThat(deleted).isInstanceOf(WriteResult.Written.class);
    assertThat(get(store.read(List.of(entry.documentId()))).getFirst()).isEmpty();
    assertThat(store.metrics().conflicts()).isZero();
  }

  @Test
  void aReadOnlyIndexIsReadAndNamedInTheHealth() throws Exception {
    // Given
    Entry entry = Samples.inline("kept");
    eventuallyWritten(entry);
    server.call("PUT", index + "/_settings", "{\"index.blocks.write\":true}");
    // When
    assertThatThrownBy(
            () -> get(store.write(new EntryDocument(Samples.inline("b")), Version.ABSENT)))
        .cause()
        .hasMessageContaining("cluster_block_exception");
    // Then
    assertThat(isRead(entry)).isTrue();
    assertThat(get(store.problem()).orElseThrow()).contains("cluster_block_exception");
    server.call("PUT", index + "/_settings", "{\"index.blocks.write\":false}");
    eventuallyWritten(Samples.inline("b"));
    assertThat(get(store.problem())).isEmpty();
  }

  @Test
  void serversThatAreDownAtTheStartAreFoundLater() throws Exception {
    // Given
    faults.set(Fault.UNAVAILABLE_503);
    server.call("DELETE", index, "");
    store.close();
    store = open(Map.of());
    // When
    assertThatThrownBy(() -> get(store.read(List.of("https/a/b"))))
        .hasCauseInstanceOf(StoreException.class);
    assertThat(get(store.problem())).isPresent();
    faults.set(Fault.NONE);
    // Then
    eventuallyWritten(Samples.inline("a"));
    assertThat(server.call("GET", index + "/_mapping", "").body())
        .contains("\"dynamic\":\"strict\"");
  }

  @Test
  void anIndexThatSomebodyDeletedIsMadeAnew() throws Exception {
    // Given
    server.call("DELETE", index, "");
    // When
    assertThatThrownBy(() -> get(store.read(List.of("https/a/b"))))
        .hasCauseInstanceOf(StoreException.class);
    // Then
    eventuallyWritten(Samples.inline("a"));
    assertThat(server.call("GET", index + "/_mapping", "").body())
        .contains("\"dynamic\":\"strict\"");
  }

  @Test
  void anIndexOfSomebodyElseIsLeftAlone() throws Exception {
    // Given
    store.close();
    server.call("DELETE", index, "");
    server.call(
        "PUT", index, "{\"mappings\":{\"properties\":{\"theirs\":{\"type\":\"keyword\"}}}}");
    // When
    store = open(Map.of());
    // Then
    assertThatThrownBy(() -> store.ready().toCompletableFuture().get(60, TimeUnit.SECONDS))
        .hasMessageContaining("was not made by Weir");
    assertThatThrownBy(
            () -> get(store.write(new EntryDocument(Samples.inline("a")), Version.ABSENT)))
        .hasMessageContaining("was not made by Weir");
    assertThat(server.call("GET", index + "/_mapping", "").body()).doesNotContain("manifest");
  }

  private boolean isRead(Entry entry) {
    try {
      return get(store.read(List.of(entry.documentId()))).getFirst().isPresent();
    } catch (Exception notYet) {
      return false;
    }
  }

  private void eventuallyWritten(Entry entry) throws Exception {
    Eventually.holds(
        () -> {
          try {
            get(store.write(new EntryDocument(entry), Version.ABSENT));
            return true;
          } catch (java.util.concurrent.ExecutionException notYet) {
            return false;
          }
        });
  }
}
