package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.origin.OriginTerms;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a node wants to know of a key for one request.
 *
 * @param variant computes this request's secondary key from the field names a key varies by (pure)
 * @param mayWait whether this request may wait for somebody else's head; false for one with
 *     Authorization whose key is not known to be shareable: it follows only what is known to be
 *     storable, and others do not wait for it
 * @param held for VALIDATE, BACKGROUND and REPLACE: the entry this request has seen, or null
 * @param terms on which this request would ask the origin: they hold if this node goes on with a
 *     fill whose leader is lost
 */
public record Question(
    PrimaryKey key,
    Function<List<String>, VariantKey> variant,
    Intent intent,
    @Nullable Entry held,
    boolean mayWait,
    OriginTerms terms) {

  /** A question on usual terms. */
  public Question(
      PrimaryKey key,
      Function<List<String>, VariantKey> variant,
      Intent intent,
      @Nullable Entry held,
      boolean mayWait) {
    this(key, variant, intent, held, mayWait, OriginTerms.USUAL);
  }

  /** A question of a request that may wait for another's head. */
  public Question(
      PrimaryKey key,
      Function<List<String>, VariantKey> variant,
      Intent intent,
      @Nullable Entry held) {
    this(key, variant, intent, held, true);
  }

  /** The same of a request that would ask the origin on those terms. */
  public Question on(OriginTerms those) {
    return new Question(key, variant, intent, held, mayWait, those);
  }

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
