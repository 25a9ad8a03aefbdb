package dev.weir.store;

import dev.weir.testing.SearchServer;
import org.junit.jupiter.api.Tag;

@Tag("stores")
class OpenSearchMetadataStoreIT extends SearchMetadataStoreConformance {
  @Override
  SearchServer server() {
    return SearchServer.of(SearchServer.Flavour.OPENSEARCH);
  }
}
