package dev.weir.tls;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a rule says of TLS with its origins, all texts PEM.
 *
 * @param id tells it from others; what has the same is the same
 * @param authorities trusted beside those of the process, or empty
 * @param certificate with its chain, shown to origins that ask for one; empty for none
 * @param key of that certificate, or empty
 * @param insecure the origin is not verified at all
 */
public record RuleTls(
    String id, String authorities, String certificate, String key, boolean insecure) {
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RuleTls same && same.id.equals(id);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(id);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return id;
  }
}
