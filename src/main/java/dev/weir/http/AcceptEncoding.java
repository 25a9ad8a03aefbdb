package dev.weir.http;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The canonical form of Accept-Encoding (RFC 9110 12.5.3) for secondary keys: the codings a client
 * accepts, sorted, without weights. Two requests of the same form accept the same codings, so a
 * stored response chosen for one is acceptable to the other, whichever it would have preferred.
 */
public final class AcceptEncoding {
  private static final String IDENTITY = "identity";

  private AcceptEncoding() {}

  /**
   * {@code br,gzip} for {@code gzip;q=0.5, BR , zstd;q=0}. Null (no field) gives the empty text; a
   * field that accepts nothing but the plain content gives {@code identity}. Plain content is
   * always acceptable and not mentioned, unless refused: then {@code identity;q=0} is there.
   * Members out of shape are ignored.
   */
  public static String canonical(@Nullable String value) {
    if (value == null) {
      return "";
    }
    TreeSet<String> accepted = new TreeSet<>();
    TreeSet<String> refused = new TreeSet<>();
    for (String member : FieldSyntax.members(value, ',')) {
      take(member, accepted, refused);
    }
    boolean wildcard = accepted.remove("*");
    boolean identityNamed = accepted.remove(IDENTITY);
    boolean identityRefused =
        refused.contains(IDENTITY) || (refused.contains("*") && !identityNamed);
    TreeSet<String> form = new TreeSet<>(accepted);
    if (wildcard) {
      form.add("*");
      refused.remove(IDENTITY);
      refused.forEach(coding -> form.add(coding + ";q=0"));
    }
    if (identityRefused) {
      form.add(IDENTITY + ";q=0");
    }
    return form.isEmpty() ? IDENTITY : String.join(",", form);
  }

  private static void take(String member, Set<String> accepted, Set<String> refused) {
    List<String> parts = FieldSyntax.members(member, ';');
    if (parts.isEmpty() || !FieldSyntax.isToken(parts.get(0))) {
      return;
    }
    String coding = alias(parts.get(0).toLowerCase(Locale.ROOT));
    // The first mention of a coding counts.
    if (!accepted.contains(coding) && !refused.contains(coding)) {
      (isRefused(parts) ? refused : accepted).add(coding);
    }
  }

  /** Old names that mean the same (RFC 9110 8.4.1). */
  private static String alias(String coding) {
    return switch (coding) {
      case "x-gzip" -> "gzip";
      case "x-compress" -> "compress";
      default -> coding;
    };
  }

  private static boolean isRefused(List<String> parts) {
    for (String part : parts.subList(1, parts.size())) {
      int equals = part.indexOf('=');
      if (equals > 0 && part.substring(0, equals).strip().equalsIgnoreCase("q")) {
        return isZero(part.substring(equals + 1).strip());
      }
    }
    return false;
  }

  private static boolean isZero(String weight) {
    return !weight.isEmpty()
        && weight.chars().allMatch(c -> c == '0' || c == '.')
        && weight.charAt(0) == '0';
  }
}
