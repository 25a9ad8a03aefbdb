package dev.weir.store;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.ChunkId;
import java.nio.file.Files;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** Collection over metadata in memory and chunks in a folder. */
class CollectionTest extends CollectionConformance {
  private static ActorSystem system;
  private final MetadataStore metadata = new MemoryMetadataStore();
  private FolderObjectStore objects;

  @BeforeAll
  static void start() {
    system = ActorSystem.create("collection", ConfigFactory.load());
  }

  @AfterAll
  static void stop() {
    TestKit.shutdownActorSystem(system);
  }

  @BeforeEach
  void open() {
    objects = new FolderObjectStore(folder.resolve("objects"));
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
    byte[] bytes = Files.readAllBytes(objects.path(id));
    bytes[0] ^= 1;
    Files.write(objects.path(id), bytes);
  }
}
