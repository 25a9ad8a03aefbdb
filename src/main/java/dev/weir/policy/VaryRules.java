package dev.weir.policy;

import dev.weir.http.Vary;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which of the fields that a response varies by make variants of it.
 *
 * @param only none but these, or null for all
 * @param ignored not these; names in lower case
 */
public record VaryRules(@Nullable Set<String> only, Set<String> ignored) {
  public VaryRules {
    only = only == null ? null : Set.copyOf(only);
    ignored = Set.copyOf(ignored);
  }

  /** The names that count, in their order. That redirects are followed is no field to leave out. */
  public List<String> counting(List<String> names) {
    return names.stream().filter(this::counts).toList();
  }

  private boolean counts(String name) {
    return name.equalsIgnoreCase(Vary.REDIRECTS)
        || ((only == null || only.contains(name)) && !ignored.contains(name));
  }
}
