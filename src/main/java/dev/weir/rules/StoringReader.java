package dev.weir.rules;

import dev.weir.http.RefreshRule;
import dev.weir.http.StaleOn;
import dev.weir.policy.VaryRules;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads what rules decide about storing and about how long what is stored is good. */
final class StoringReader {
  private StoringReader() {}

  static RefreshRule freshness(Value value) {
    Block block =
        value
            .block("a block of min, percent, max, overrides")
            .onlyKeys("min", "percent", "max", "overrides");
    Value percent = block.get("percent");
    Set<RefreshRule.Directive> overrides = EnumSet.noneOf(RefreshRule.Directive.class);
    Value named = block.get("overrides");
    if (named != null) {
      named.someValues().forEach(one -> overrides.add(override(one)));
    }
    return new RefreshRule(
        millis(block.get("min")),
        percent == null ? 0 : (int) percent.number(0, 1000),
        millis(block.get("max")),
        overrides);
  }

  private static long millis(@Nullable Value value) {
    return value == null ? 0 : value.millis();
  }

  private static RefreshRule.Directive override(Value value) {
    for (RefreshRule.Directive one : RefreshRule.Directive.values()) {
      if (name(one).equals(value.text())) {
        return one;
      }
    }
    throw value.bad(
        "one of "
            + Arrays.stream(RefreshRule.Directive.values())
                .map(StoringReader::name)
                .collect(Collectors.joining(", ")));
  }

  private static String name(RefreshRule.Directive one) {
    return one.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** By status, 4xx and 5xx for the rest of their class. */
  static Map<Integer, Long> errors(Value value) {
    Block block = value.block("a block as { 404 = 1m, 5xx = 10s }");
    Map<Integer, Long> errors = new HashMap<>();
    for (String key : block.keys()) {
      boolean known = key.matches("[45]([0-9][0-9]|xx)");
      if (!known || key.equals("401") || key.equals("403") || key.equals("407")) {
        throw value.bad("statuses as 404, or 4xx and 5xx; answers about credentials are not kept");
      }
      int status = Integer.parseInt(key.endsWith("xx") ? key.substring(0, 1) : key);
      errors.put(status, block.need(key, "a duration").millis());
    }
    if (errors.containsKey(4)) {
      for (int status : new int[] {401, 403, 407}) {
        errors.put(status, 0L);
      }
    }
    return errors;
  }

  static Set<StaleOn> staleOn(Value value) {
    Set<StaleOn> classes = EnumSet.noneOf(StaleOn.class);
    for (Value one : value.values()) {
      classes.add(
          Arrays.stream(StaleOn.values())
              .filter(known -> known.label().equals(one.text()))
              .findFirst()
              .orElseThrow(
                  () ->
                      one.bad(
                          "one of "
                              + Arrays.stream(StaleOn.values())
                                  .map(StaleOn::label)
                                  .collect(Collectors.joining(", ")))));
    }
    return classes;
  }

  static VaryRules vary(Value value) {
    Block block = value.block("a block of only or ignore").onlyKeys("only", "ignore");
    Value only = block.get("only");
    Value ignored = block.get("ignore");
    if (only == null && ignored == null) {
      throw block.bad("only or ignore, each with names of fields");
    }
    return new VaryRules(
        only == null ? null : EffectReader.lowerNames(only),
        ignored == null ? Set.of() : EffectReader.lowerNames(ignored));
  }
}
