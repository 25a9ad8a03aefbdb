package dev.weir.policy;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the origins of a rule are spoken to over TLS, where that differs from the settings. All texts
 * are PEM; a key is never shown.
 *
 * @param id tells it from others, a digest of the rest
 * @param name of the certificate, part of the key of what is fetched with it; empty without one
 * @param authorities trusted beside the others, or empty
 * @param certificate with its chain, that is shown to origins which ask for one; empty for none
 * @param key of that certificate, or empty
 * @param insecure origins are not verified at all
 * @param files it was read from
 */
public record UpstreamTls(
    String id,
    String name,
    String authorities,
    String certificate,
    String key,
    boolean insecure,
    List<String> files) {
  public UpstreamTls {
    files = List.copyOf(files);
  }

  public boolean showsCertificate() {
    return !certificate.isEmpty();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof UpstreamTls same && same.id.equals(id) && same.name.equals(name);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, name);
  }

  @Override
  public String toString() {
    return String.join(", ", files) + (insecure ? " insecure" : "");
  }
}
