package dev.weir.http;

import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The canonical form of Accept-Language (RFC 9110 12.5.4) for secondary keys: language ranges in
 * lower case without space, heaviest first, equals by name. The order in which a client lists equal
 * ranges has no meaning, nor has a weight of 1 or the number of its digits.
 */
public final class AcceptLanguage {
  private AcceptLanguage() {}

  /**
   * {@code de,en,fr;q=0.5} for {@code en, DE ,fr;q=0.50}. A value with a member out of shape is
   * left as it is, less its space: what an origin makes of it is its own affair.
   */
  public static String canonical(String value) {
    Map<String, BigDecimal> weights = new TreeMap<>();
    for (String member : FieldSyntax.members(value, ',')) {
      List<String> parts = FieldSyntax.members(member, ';');
      BigDecimal weight = parts.isEmpty() ? null : weight(parts.subList(1, parts.size()));
      if (weight == null || !isRange(parts.get(0))) {
        return FieldSyntax.withoutSpaceAroundCommas(value);
      }
      weights.putIfAbsent(parts.get(0).toLowerCase(Locale.ROOT), weight);
    }
    StringBuilder form = new StringBuilder(value.length());
    weights.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
        .forEach(
            range -> {
              form.append(form.isEmpty() ? "" : ",").append(range.getKey());
              if (range.getValue().compareTo(BigDecimal.ONE) != 0) {
                form.append(";q=").append(range.getValue().stripTrailingZeros().toPlainString());
              }
            });
    return form.toString();
  }

  /**
   * The weight that the parameters give, 1 if there are none, null if they are none of a weight.
   */
  private static @Nullable BigDecimal weight(List<String> parameters) {
    if (parameters.isEmpty()) {
      return BigDecimal.ONE;
    }
    String parameter = parameters.get(0).toLowerCase(Locale.ROOT);
    boolean wellFormed = parameter.matches("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)");
    return parameters.size() == 1 && wellFormed
        ? new BigDecimal(
            parameter.endsWith(".") ? parameter.substring(2, 3) : parameter.substring(2))
        : null;
  }

  private static boolean isRange(String text) {
    return text.chars().allMatch(c -> c == '*' || c == '-' || Character.isLetterOrDigit(c));
  }
}
