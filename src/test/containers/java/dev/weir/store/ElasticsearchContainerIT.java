package dev.weir.store;

import dev.weir.testing.SearchServer;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** The metadata suite on Elasticsearch as its makers ship it; skipped where no Docker is. */
@Tag("stores")
@Testcontainers(disabledWithoutDocker = true)
class ElasticsearchContainerIT extends SearchMetadataStoreConformance {
  private static final int PORT = 9200;

  @Container
  private static final GenericContainer<?> CONTAINER =
      new GenericContainer<>("elasticsearch:8.19.0")
          .withEnv("discovery.type", "single-node")
          .withEnv("xpack.security.enabled", "false")
          .withEnv("cluster.routing.allocation.disk.threshold_enabled", "false")
          .withEnv("ES_JAVA_OPTS", "-Xms512m -Xmx512m")
          .withExposedPorts(PORT)
          .waitingFor(
              Wait.forHttp("/_cluster/health?wait_for_status=green")
                  .forPort(PORT)
                  .withStartupTimeout(Duration.ofMinutes(4)));

  @Override
  SearchServer server() {
    return SearchServer.at(
        URI.create("http://" + CONTAINER.getHost() + ":" + CONTAINER.getMappedPort(PORT) + "/"));
  }
}
