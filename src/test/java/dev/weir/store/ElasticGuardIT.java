package dev.weir.store;

import static dev.weir.store.Samples.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.store.Document.EntryDocument;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.testing.Eventually;
import dev.weir.testing.SearchFaults;
import dev.weir.testing.SearchServer;
import dev.weir.testing.TestCa;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The store before a server that speaks TLS and wants to know who asks. */
@Tag("stores")
class ElasticGuardIT {
  private static final String PASSWORD = "pass:word";
  private static final String KEY = "id:secret-key";
  private static ActorTestKit streams;
  private final String index = "guard_" + UUID.randomUUID();
  private final TestCa authority = new TestCa("Search servers of tests");

  @TempDir private Path folder;
  private SearchServer server;
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
  void start() throws Exception {
    server = SearchServer.of(SearchServer.Flavour.ELASTICSEARCH);
  }

  @AfterEach
  void forget() throws Exception {
    store.close();
    for (String suffix : new String[] {"", "_access", "_notes"}) {
      server.call("DELETE", index + suffix, "");
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private SearchFaults guard(String authorization) throws Exception {
    return SearchFaults.guarded(server.url(), authority.context("127.0.0.1"), authorization);
  }

  private ElasticMetadataStore open(SearchFaults guard, Map<String, String> more) {
    Map<String, Object> settings =
        new HashMap<>(
            Map.of("url", guard.url().toString(), "shards", 1, "failures.probe-interval", "100ms"));
    settings.putAll(more);
    store =
        ElasticMetadataStore.open(
            streams.system().classicSystem(),
            SearchMetadataStoreConformance.settings(server, index, settings));
    return store;
  }

  private WriteResult written(ElasticMetadataStore store) throws Exception {
    store.ready().toCompletableFuture().get(60, TimeUnit.SECONDS);
    return get(store.write(new EntryDocument(Samples.inline("guarded")), Version.ABSENT));
  }

  @Test
  void userWithAPasswordIsLetIn() throws Exception {
    // Given
    Path file = Files.writeString(folder.resolve("password"), PASSWORD + "\n");
    try (SearchFaults guard = guard("Basic " + base64("weir:" + PASSWORD))) {
      // When
      WriteResult result = written(open(guard, as("user", "weir", "password", "file:" + file)));

      // Then
      assertThat(result).isInstanceOf(WriteResult.Written.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void apiKeyIsLetInAsItsPartsAndAsItIsHandedOut(boolean encoded) throws Exception {
    try (SearchFaults guard = guard("ApiKey " + base64(KEY))) {
      // When
      WriteResult result = written(open(guard, as("api-key", encoded ? base64(KEY) : KEY)));

      // Then
      assertThat(result).isInstanceOf(WriteResult.Written.class);
    }
  }

  @Test
  void whoIsRefusedSaysSoWithoutTheSecret() throws Exception {
    try (SearchFaults guard = guard("Basic " + base64("weir:another"))) {
      // When
      ElasticMetadataStore refused = open(guard, as("user", "weir", "password", PASSWORD));

      // Then
      assertThat(problem(refused)).contains("401").doesNotContain(PASSWORD);
    }
  }

  @Test
  void serverOfAnAuthorityNobodyNamedIsNotBelieved() throws Exception {
    try (SearchFaults guard = guard("Basic " + base64("weir:" + PASSWORD))) {
      // When
      ElasticMetadataStore refused = open(guard, Map.of("user", "weir", "password", PASSWORD));

      // Then
      assertThat(problem(refused)).contains("certification path", "elasticsearch-ca");
      assertThat(guard.requests()).isZero();
    }
  }

  private Map<String, String> as(String... settings) throws Exception {
    Map<String, String> all = new HashMap<>(Map.of("ca", authority.pem(folder).toString()));
    for (int i = 0; i < settings.length; i += 2) {
      all.put(settings[i], settings[i + 1]);
    }
    return all;
  }

  private static String problem(ElasticMetadataStore store) throws Exception {
    Eventually.holds(() -> get(store.problem()).isPresent());
    return get(store.problem()).orElseThrow();
  }
}
