package dev.weir.store.s3;

import dev.weir.entry.ChunkId;
import dev.weir.store.ObjectStore;
import dev.weir.store.ObjectStoreConformance;
import dev.weir.testing.S3Server;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.connectors.s3.S3Attributes;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Tag;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

/** The suite of object stores on MinIO; skipped where no Docker is. */
@Tag("stores")
@Testcontainers(disabledWithoutDocker = true)
class MinioContainerIT extends ObjectStoreConformance {
  private static final int PORT = 9000;

  @Container
  private static final GenericContainer<?> CONTAINER =
      new GenericContainer<>("minio/minio:RELEASE.2024-12-18T13-15-44Z")
          .withEnv("MINIO_ROOT_USER", S3Server.ACCESS_KEY)
          .withEnv("MINIO_ROOT_PASSWORD", S3Server.SECRET_KEY)
          .withCommand("server", "/data")
          .withExposedPorts(PORT)
          .waitingFor(Wait.forHttp("/minio/health/ready").forPort(PORT));

  private S3StoreSettings settings;

  @Override
  protected ActorSystem startSystem() {
    String endpoint = "http://" + CONTAINER.getHost() + ":" + CONTAINER.getMappedPort(PORT);
    settings = S3StoreRig.settings(endpoint, Map.of());
    return S3StoreRig.system(settings);
  }

  @Override
  protected ObjectStore openStore() throws Exception {
    S3.makeBucketSource(settings.bucket(), S3Headers.create())
        .withAttributes(attributes())
        .runWith(Sink.head(), system)
        .toCompletableFuture()
        .get(1, TimeUnit.MINUTES);
    return S3StoreRig.store(settings, system);
  }

  private Attributes attributes() {
    return S3Attributes.settings(
        S3StoreRig.access(S3Server.SECRET_KEY).connection(settings, system));
  }

  @Override
  protected void cutOff(ChunkId id, int lengthBytes) throws Exception {
    S3.putObject(
            settings.bucket(),
            settings.prefix() + id.path(settings.hashPrefixDepth()),
            Source.single(ByteString.fromArray(new byte[lengthBytes])),
            lengthBytes,
            ContentTypes.APPLICATION_OCTET_STREAM,
            S3Headers.create())
        .withAttributes(attributes())
        .runWith(Sink.head(), system)
        .toCompletableFuture()
        .get(1, TimeUnit.MINUTES);
  }
}
