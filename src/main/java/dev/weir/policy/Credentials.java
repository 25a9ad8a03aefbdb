package dev.weir.policy;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is sent to origins in the name of whoever runs this cache, in place of what the client sent.
 * It is never shown.
 *
 * @param name what it is called, part of the key of what is fetched with it
 * @param field the name of the field that it is sent in
 * @param value the value of the field
 */
public record Credentials(String name, String field, String value) {
  /** In the field that is meant for it. */
  public Credentials(String name, String authorization) {
    this(name, "Authorization", authorization);
  }

  /** The same under another name. */
  public Credentials named(String other) {
    return new Credentials(other, field, value);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Credentials same
        && same.name.equals(name)
        && same.field.equals(field)
        && same.value.equals(value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, field, value);
  }

  @Override
  public String toString() {
    return name;
  }
}
