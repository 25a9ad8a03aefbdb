package dev.weir.policy;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is sent to origins in the name of whoever runs this cache, in place of what the client sent.
 * It is never shown.
 *
 * @param name what it is called, part of the key of what is fetched with it
 * @param authorization the value of the field
 */
public record Credentials(String name, String authorization) {
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Credentials same
        && same.name.equals(name)
        && same.authorization.equals(authorization);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, authorization);
  }

  @Override
  public String toString() {
    return name;
  }
}
