package dev.weir.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The field lines of an HTTP message in their order (RFC 9110 5); immutable. Names keep their
 * spelling and are compared without regard to case; every char of a value stands for one octet (ISO
 * 8859-1), so values travel unchanged.
 */
public final class Headers {
  public static final Headers EMPTY = new Headers(new String[0]);

  /** Names at even places, values at odd ones. */
  private final String[] lines;

  private Headers(String[] lines) {
    this.lines = lines;
  }

  /** Field lines from alternating names and values. */
  public static Headers of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException("a field name without a value");
    }
    return namesAndValues.length == 0 ? EMPTY : new Headers(namesAndValues.clone());
  }

  public static Builder builder() {
    return new Builder(16);
  }

  /** How many field lines there are. */
  public int size() {
    return lines.length / 2;
  }

  public boolean isEmpty() {
    return lines.length == 0;
  }

  public String name(int index) {
    return lines[2 * index];
  }

  public String value(int index) {
    return lines[2 * index + 1];
  }

  /** The value of the first line of that name, or null. */
  public @Nullable String first(String name) {
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name)) {
        return lines[i + 1];
      }
    }
    return null;
  }

  public boolean has(String name) {
    return first(name) != null;
  }

  /** The values of all lines of that name, in order. */
  public List<String> all(String name) {
    List<String> found = List.of();
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name)) {
        if (found.isEmpty()) {
          found = new ArrayList<>(2);
        }
        found.add(lines[i + 1]);
      }
    }
    return found;
  }

  /** All values of that name joined with a comma (RFC 9110 5.3), or null if there is no line. */
  public @Nullable String combined(String name) {
    String joined = null;
    for (int i = 0; i < lines.length; i += 2) {
      if (lines[i].equalsIgnoreCase(name)) {
        joined = joined == null ? lines[i + 1] : joined + ", " + lines[i + 1];
      }
    }
    return joined;
  }

  /** These lines and one more at the end. */
  public Headers plus(String name, String value) {
    String[] more = Arrays.copyOf(lines, lines.length + 2);
    more[lines.length] = name;
    more[lines.length + 1] = value;
    return new Headers(more);
  }

  /** These lines with all lines of that name replaced by one at the end. */
  public Headers with(String name, String value) {
    return toBuilder().set(name, value).build();
  }

  /** These lines less all lines of that name. */
  public Headers without(String name) {
    return has(name) ? toBuilder().remove(name).build() : this;
  }

  public Builder toBuilder() {
    Builder builder = new Builder(lines.length + 8);
    System.arraycopy(lines, 0, builder.lines, 0, lines.length);
    builder.count = lines.length;
    return builder;
  }

  public void forEach(BiConsumer<String, String> action) {
    for (int i = 0; i < lines.length; i += 2) {
      action.accept(lines[i], lines[i + 1]);
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Headers that && Arrays.equals(lines, that.lines);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(lines);
  }

  /** Names only: values may hold secrets and must not reach a log by accident. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Headers[");
    for (int i = 0; i < lines.length; i += 2) {
      text.append(i == 0 ? "" : ", ").append(lines[i]);
    }
    return text.append(']').toString();
  }

  /** Collects field lines; not thread-safe. */
  public static final class Builder {
    private String[] lines;
    private int count;

    private Builder(int capacity) {
      lines = new String[Math.max(8, capacity)];
    }

    public Builder add(String name, String value) {
      if (count + 2 > lines.length) {
        lines = Arrays.copyOf(lines, lines.length * 2);
      }
      lines[count++] = name;
      lines[count++] = value;
      return this;
    }

    public Builder addAll(Headers headers) {
      for (int i = 0; i < headers.lines.length; i += 2) {
        add(headers.lines[i], headers.lines[i + 1]);
      }
      return this;
    }

    /** Replaces all lines of that name by one at the end. */
    public Builder set(String name, String value) {
      return remove(name).add(name, value);
    }

    public Builder remove(String name) {
      int kept = 0;
      for (int i = 0; i < count; i += 2) {
        if (!lines[i].equalsIgnoreCase(name)) {
          lines[kept] = lines[i];
          lines[kept + 1] = lines[i + 1];
          kept += 2;
        }
      }
      count = kept;
      return this;
    }

    public Headers build() {
      return count == 0 ? EMPTY : new Headers(Arrays.copyOf(lines, count));
    }
  }
}
