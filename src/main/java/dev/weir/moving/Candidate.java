package dev.weir.moving;

import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import java.util.List;
import java.util.OptionalLong;

/**
 * A document that may become an entry, if its bytes are what it says.
 *
 * @param vary the names its variant was computed from
 * @param lastModifiedMillis of the representation, as its origin says
 * @param lastAccessMillis when the source last served it
 */
record Candidate(
    PrimaryKey key,
    VariantKey variant,
    List<String> vary,
    String url,
    Headers headers,
    SourceManifest manifest,
    OptionalLong lastModifiedMillis,
    OptionalLong lastAccessMillis) {
  Candidate {
    vary = List.copyOf(vary);
  }
}
