package dev.weir.origin;

import dev.weir.http.Headers;
import dev.weir.http.NamedDigest;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Manifests of container registries that are asked for by tag. Which form comes, the list for all
 * platforms or the image of one, is chosen by {@code Accept}; few registries say {@code Vary}, and
 * without it one client's form would be another's answer. Manifests by digest have one form.
 */
final class RegistryForms {
  private RegistryForms() {}

  /** Whether such a manifest is asked for. */
  static boolean concerns(OriginRequest request) {
    String target = request.head().target();
    return target.startsWith("/v2/")
        && target.contains("/manifests/")
        && NamedDigest.of(target) == null;
  }

  /** The response, varying by what it was chosen by. */
  static OriginResponse varied(OriginResponse response) {
    Headers fields = response.head().headers();
    String vary = fields.combined("Vary");
    String said = vary == null ? "" : vary.toLowerCase(Locale.ROOT);
    boolean known = said.contains("*") || said.matches("(.*[,\\s])?accept([,\\s].*)?");
    return known || !isManifest(fields.first("Content-Type"))
        ? response
        : new OriginResponse(
            response.head().withHeaders(fields.plus("Vary", "Accept")),
            response.body(),
            response.bodyLength(),
            response.closeDelimited(),
            response.trailers());
  }

  private static boolean isManifest(@Nullable String contentType) {
    String type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT);
    return type.startsWith("application/vnd.oci.image.")
        || type.startsWith("application/vnd.docker.distribution.manifest.");
  }
}
