package dev.weir.policy;

import dev.weir.entry.PrimaryKey;
import java.util.Optional;

/**
 * A request's name in the cache.
 *
 * @param keyUrl the URL the key was made of: without signing parameters, fit for logs
 * @param signature what was left out, if anything
 */
public record CacheKey(PrimaryKey primary, String keyUrl, Optional<SignedUrl> signature) {
  public boolean signed() {
    return signature.isPresent();
  }
}
