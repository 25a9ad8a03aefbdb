package dev.weir.store;

class MemoryChunkStoreTest extends ChunkStoreConformance {
  @Override
  ChunkStore openStore() {
    return new MemoryChunkStore();
  }
}
