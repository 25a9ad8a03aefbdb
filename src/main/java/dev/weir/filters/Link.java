package dev.weir.filters;

import dev.weir.proxy.filter.Filter;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/** One filter in the chain: which phases are its own, and what they cost. */
final class Link {
  final int index;
  final String name;
  final Filter<Object> filter;
  private final Map<Phase, PhaseMeter> meters = new EnumMap<>(Phase.class);

  Link(int index, String name, Filter<?> filter) {
    this.index = index;
    this.name = name;
    this.filter = ofAnyContext(filter);
    for (Phase phase : Phase.values()) {
      if (phase.isOverriddenBy(filter.getClass())) {
        meters.put(phase, new PhaseMeter());
      }
    }
  }

  /** The context a filter is given is the one it has made. */
  @SuppressWarnings("unchecked")
  private static Filter<Object> ofAnyContext(Filter<?> filter) {
    return (Filter<Object>) filter;
  }

  boolean has(Phase phase) {
    return meters.containsKey(phase);
  }

  Map<Phase, PhaseMeter> meters() {
    return meters;
  }

  PhaseMeter meter(Phase phase) {
    return Objects.requireNonNull(meters.get(phase)); // only asked of phases it has
  }
}
