package dev.weir.moving;

import dev.weir.entry.PrimaryKey;
import dev.weir.policy.VaryRules;
import org.jspecify.annotations.Nullable;

/** What the rules in force say of a URL: under which key it is stored here, if at all. */
@FunctionalInterface
public interface Keying {
  Answer of(String url);

  /** Either a key or why there is none. */
  sealed interface Answer {
    /**
     * It is stored under that key.
     *
     * @param vary which fields make variants, or null for all that its Vary names
     */
    record Keyed(PrimaryKey key, @Nullable VaryRules vary) implements Answer {}

    record Refused(Reason reason) implements Answer {}
  }
}
