package dev.weir.store.collect;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who may collect: the text of one note in the metadata store, changed only by compare-and-set. Its
 * fence grows with every new holder, and stands in every condemnation a holder writes.
 *
 * <p>No clocks are compared: whoever wants it from a silent holder watches the same text for a
 * whole term on a clock of its own. The holder renews it well within the term, and deletes nothing
 * once it has not been able to.
 */
public sealed interface CollectorLease {
  /** The highest fence ever given. */
  long fence();

  /** Nobody collects. */
  record Vacant(long fence) implements CollectorLease {}

  /**
   * Somebody collects.
   *
   * @param holder a name that no other process ever has
   * @param beat grows with each renewal
   */
  record Held(String holder, long fence, long beat) implements CollectorLease {
    Held renewed() {
      return new Held(holder, fence, beat + 1);
    }

    Vacant released() {
      return new Vacant(fence);
    }
  }

  /** What may be done about it by somebody who wants it. */
  sealed interface Attempt {
    /** Write this. */
    record Take(Held next) implements Attempt {}

    /** Look again; whoever holds it may be gone. */
    record Watch(String holder) implements Attempt {}
  }

  /**
   * What somebody who wants it may do.
   *
   * @param unchangedMillis for how long the asker has seen this very text
   */
  default Attempt attempt(String asker, long unchangedMillis, long termMillis) {
    return switch (this) {
      case Vacant(long last) -> new Attempt.Take(new Held(asker, last + 1, 0));
      case Held(String holder, long last, long beat) ->
          unchangedMillis >= termMillis
              ? new Attempt.Take(new Held(asker, last + 1, 0))
              : new Attempt.Watch(holder);
    };
  }

  /** Whether a holder that last renewed so long ago may still delete: with a third to spare. */
  static boolean isSafe(long sinceRenewalMillis, long termMillis) {
    return sinceRenewalMillis < termMillis * 2 / 3;
  }

  default String text() {
    return switch (this) {
      case Vacant(long fence) -> "vacant " + fence;
      case Held(String holder, long fence, long beat) ->
          "held " + fence + " " + beat + " " + holder;
    };
  }

  /** Reads the note's text; empty text is that of a store nobody has ever collected. */
  static CollectorLease parse(String text) {
    if (text.isEmpty()) {
      return new Vacant(0);
    }
    Matcher held = Format.HELD.matcher(text);
    if (held.matches()) {
      return new Held(held.group(3), Long.parseLong(held.group(1)), Long.parseLong(held.group(2)));
    }
    Matcher vacant = Format.VACANT.matcher(text);
    if (vacant.matches()) {
      return new Vacant(Long.parseLong(vacant.group(1)));
    }
    throw new IllegalArgumentException("the collector's lease is of another version: " + text);
  }

  /** The forms of the note. */
  final class Format {
    private static final Pattern HELD = Pattern.compile("held (\\d{1,18}) (\\d{1,18}) (\\S+)");
    private static final Pattern VACANT = Pattern.compile("vacant (\\d{1,18})");

    private Format() {}
  }
}
