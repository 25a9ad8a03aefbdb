package dev.weir.store.collect;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The state of one chunk by which the collector and the fills of all nodes agree, and all legal
 * transitions. It is kept as a note in the metadata store, changed only by compare-and-set; no note
 * is {@link Free}.
 *
 * <pre>
 *           unmarked and old          grace over, unmarked again        deleted
 *   Free ───────────────────▶ Condemned ───────────────────▶ Deleting ─────────▶ Free
 *     ▲                          │                            ▲  │ not deleted in time:
 *     └── marked, put or claimed ┘                            └──┘ once more, when settled
 * </pre>
 *
 * <p>Why no document ever names a deleted chunk: a fill claims each chunk before it looks whether
 * it is there, and writes its document within half the grace, or claims anew. A claim that meets
 * {@code Free} is followed by its document before anything condemned later can be deleted, for that
 * takes a whole grace and a mark that begins after it. A claim that meets {@code Condemned} removes
 * the note, so that the collector's compare-and-set fails. One that meets {@code Deleting} waits
 * until the bytes are gone, and then finds them absent and puts them.
 */
public sealed interface Condemnation {
  /** Nothing is known against it. */
  record Free() implements Condemnation {}

  /**
   * No entry named it when it was looked at; it may still be revived.
   *
   * @param sinceMillis since the epoch
   * @param fence of the collector that said so
   */
  record Condemned(long sinceMillis, long fence) implements Condemnation {}

  /**
   * Its bytes are being deleted: nobody may count on them, nor put them again, until it is over.
   */
  record Deleting(long sinceMillis, long fence) implements Condemnation {}

  /**
   * The times that make it safe.
   *
   * @param graceMillis from condemnation to deletion; twice what a fill may take from its first
   *     claim to its document
   * @param settleMillis after which a deletion has certainly ended, or will never be: it is begun
   *     within the first half, and no request takes as long as the second
   */
  record Times(long graceMillis, long settleMillis) {
    public Times {
      if (graceMillis < 2 || settleMillis < 1 || settleMillis > graceMillis) {
        throw new IllegalArgumentException("0 < settle <= grace must hold");
      }
    }

    /** How long a claim holds, and how young a chunk must be that is not put again. */
    public long halfMillis() {
      return graceMillis / 2;
    }

    /** Whether the bytes may still be deleted for a note that was written then. */
    public boolean mayDelete(long sinceMillis, long nowMillis) {
      return nowMillis - sinceMillis < settleMillis / 2;
    }
  }

  /**
   * What a pass has found out about a chunk.
   *
   * @param marked whether any document named it in the mark
   * @param modifiedMillis when its bytes were last put, empty if they are not there
   */
  record Seen(boolean marked, OptionalLong modifiedMillis) {}

  /** What the collector has to do about a chunk. */
  sealed interface Step {
    /** Nothing. */
    record Leave() implements Step {}

    /**
     * Replace the note, if it still is what was read. After one that says {@link Deleting}, and
     * only then: delete the bytes, then remove the note.
     */
    record Note(Condemnation next) implements Step {}

    /** Remove the note, if it still is what was read. */
    record Spare() implements Step {}
  }

  /**
   * The collector's next step.
   *
   * @param markBegunMillis when the mark began that {@code seen} speaks of
   * @param fence of this collector
   */
  default Step next(Seen seen, long markBegunMillis, long nowMillis, long fence, Times times) {
    return switch (this) {
      case Free() ->
          !seen.marked() && isOld(seen, markBegunMillis, times)
              ? new Step.Note(new Condemned(nowMillis, fence))
              : new Step.Leave();
      case Condemned(long since, long ignored) -> {
        if (seen.marked() || seen.modifiedMillis().orElse(since) > since) {
          yield new Step.Spare();
        }
        yield markBegunMillis - since >= times.graceMillis()
            ? new Step.Note(new Deleting(nowMillis, fence))
            : new Step.Leave();
      }
      case Deleting(long since, long by) -> {
        if (by > fence || markBegunMillis - since < times.settleMillis()) {
          yield new Step.Leave();
        }
        yield seen.marked() ? new Step.Spare() : new Step.Note(new Deleting(nowMillis, fence));
      }
    };
  }

  /** Bytes put lately may be of a fill whose document is not written yet. */
  private static boolean isOld(Seen seen, long markBegunMillis, Times times) {
    return seen.modifiedMillis().isPresent()
        && markBegunMillis - seen.modifiedMillis().getAsLong() >= times.halfMillis();
  }

  /** What a fill has to do before it may count on a chunk. */
  enum Claim {
    /** It may go on: look whether the bytes are there, and put them if not. */
    GRANTED,
    /** Remove the note; if that succeeds it may go on, else it reads again. */
    REVOKE,
    /** They are being deleted: read again later. */
    WAIT
  }

  default Claim claim() {
    return switch (this) {
      case Free() -> Claim.GRANTED;
      case Condemned condemned -> Claim.REVOKE;
      case Deleting deleting -> Claim.WAIT;
    };
  }

  /** Whether bytes that are there may be left as they are, instead of being put again. */
  static boolean isYoungEnough(long modifiedMillis, long nowMillis, Times times) {
    return nowMillis - modifiedMillis < times.halfMillis();
  }

  /** Whether a document may still be written that rests on a claim made then. */
  static boolean mayCommit(long claimedMillis, long nowMillis, long halfMillis) {
    return nowMillis - claimedMillis < halfMillis;
  }

  /** The note's text; empty for {@link Free}, which has none. */
  default String text() {
    return switch (this) {
      case Free() -> "";
      case Condemned(long since, long fence) -> "condemned " + since + " " + fence;
      case Deleting(long since, long fence) -> "deleting " + since + " " + fence;
    };
  }

  /** Reads a note. One that is not understood counts as under deletion by a later version. */
  static Condemnation parse(String text) {
    Matcher parts = Format.TEXT.matcher(text.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      return new Deleting(Long.MAX_VALUE, Long.MAX_VALUE);
    }
    long since = Long.parseLong(parts.group(2));
    long fence = Long.parseLong(parts.group(3));
    return parts.group(1).equals("condemned")
        ? new Condemned(since, fence)
        : new Deleting(since, fence);
  }

  /** The form of a note. */
  final class Format {
    private static final Pattern TEXT =
        Pattern.compile("(condemned|deleting) (\\d{1,18}) (\\d{1,18})");

    private Format() {}
  }
}
