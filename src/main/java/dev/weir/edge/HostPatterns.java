package dev.weir.edge;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A set of host names, exact or by suffix: {@code example.com} is that host, {@code .example.com}
 * or {@code *.example.com} every host below it. Immutable; names are compared without regard to
 * case.
 */
public final class HostPatterns {
  private final Set<String> exact = new HashSet<>();
  private final Set<String> suffixes = new HashSet<>();

  private HostPatterns() {}

  public static HostPatterns of(List<String> texts) {
    HostPatterns patterns = new HostPatterns();
    for (String text : texts) {
      String name = text.strip().toLowerCase(Locale.ROOT);
      if (name.startsWith("*.")) {
        patterns.suffixes.add(name.substring(1));
      } else if (name.startsWith(".")) {
        patterns.suffixes.add(name);
      } else if (!name.isEmpty()) {
        patterns.exact.add(name);
      }
    }
    return patterns;
  }

  /** Whether the host (lower case, as {@link dev.weir.http.Authority} holds it) is meant. */
  public boolean contains(String host) {
    if (exact.contains(host)) {
      return true;
    }
    if (suffixes.isEmpty()) {
      return false;
    }
    for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      if (suffixes.contains(host.substring(dot))) {
        return true;
      }
    }
    return false;
  }
}
