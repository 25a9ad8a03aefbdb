package dev.weir.store;

import dev.weir.entry.ChunkId;
import org.apache.pekko.actor.ActorSystem;

/** The object store of the tests keeps the rules of the real one. */
class FolderObjectStoreTest extends ObjectStoreConformance {
  @Override
  protected ActorSystem startSystem() {
    return ActorSystem.create();
  }

  @Override
  protected ObjectStore openStore() {
    return new FolderObjectStore(folder.resolve("objects"));
  }

  @Override
  protected void cutOff(ChunkId id, int lengthBytes) throws Exception {
    cutOff(folder.resolve("objects").resolve(id.hex()), lengthBytes);
  }
}
