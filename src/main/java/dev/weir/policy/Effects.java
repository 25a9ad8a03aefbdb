package dev.weir.policy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a rule decides, or several together. Immutable. */
public final class Effects {
  public static final Effects NONE = new Effects(Map.of());

  private final Map<Effect<?>, Object> values;

  private Effects(Map<Effect<?>, Object> values) {
    this.values = values;
  }

  public static <T> Effects of(Effect<T> effect, T value) {
    return NONE.with(effect, value);
  }

  public <T> Effects with(Effect<T> effect, T value) {
    Map<Effect<?>, Object> more = new LinkedHashMap<>(values);
    more.put(effect, value);
    return new Effects(more);
  }

  /** The same, that one left open. */
  public Effects without(Effect<?> effect) {
    if (!values.containsKey(effect)) {
      return this;
    }
    Map<Effect<?>, Object> fewer = new LinkedHashMap<>(values);
    fewer.remove(effect);
    return new Effects(fewer);
  }

  /** Null where it is left open. */
  @SuppressWarnings("unchecked") // with() is the only way in, and checks
  public <T> @Nullable T get(Effect<T> effect) {
    return (T) values.get(effect);
  }

  public <T> T get(Effect<T> effect, T otherwise) {
    T value = get(effect);
    return value == null ? otherwise : value;
  }

  /** These, and of the others what these leave open. */
  public Effects or(Effects later) {
    if (later.values.isEmpty()) {
      return this;
    }
    if (values.isEmpty()) {
      return later;
    }
    Map<Effect<?>, Object> all = new LinkedHashMap<>(values);
    later.values.forEach(all::putIfAbsent);
    return new Effects(all);
  }

  /** What is decided, in the order it was written. */
  public Set<Effect<?>> decided() {
    return values.keySet();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Effects effects && effects.values.equals(values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
