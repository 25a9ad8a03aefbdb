package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a node wants to know of a key for one request.
 *
 * @param variant computes this request's secondary key from the field names a key varies by (pure)
 * @param held for VALIDATE, BACKGROUND and REPLACE: the entry this request has seen, or null
 */
public record Question(
    PrimaryKey key,
    Function<List<String>, VariantKey> variant,
    Intent intent,
    @Nullable Entry held) {

  /** What the asker would do. */
  public enum Intent {
    /** Serve what is stored, whatever its age; else follow; else lead. */
    LOOK,
    /** The held entry must be validated: newer entry, or follow, or lead with it. */
    VALIDATE,
    /** The held entry is served stale meanwhile: lead with it, or nothing to do. */
    BACKGROUND,
    /** A new response is wanted (no-cache, always upstream): join only what is not yet sent. */
    REPLACE
  }
}
