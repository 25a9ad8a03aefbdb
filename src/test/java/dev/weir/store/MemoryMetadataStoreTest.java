package dev.weir.store;

class MemoryMetadataStoreTest extends MetadataStoreConformance {
  @Override
  MetadataStore open() {
    return new MemoryMetadataStore();
  }
}
