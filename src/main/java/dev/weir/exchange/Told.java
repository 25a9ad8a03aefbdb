package dev.weir.exchange;

import dev.weir.http.CacheStatus;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.log.ServeReason;
import org.jspecify.annotations.Nullable;

/**
 * How an answer came about, for Cache-Status and the log.
 *
 * @param note what the label leaves open, or empty
 * @param leader the fill that another request leads, or null
 */
record Told(ServeReason reason, CacheStatus status, String note, @Nullable String leader) {

  static Told hit(ServeReason reason, long ttlMillis) {
    return new Told(
        reason, CacheStatus.ofHit().withTtlMillis(ttlMillis).withDetail(reason.label()), "", null);
  }

  /** Went to the origin. The note, if any, is the detail: it says more than the label. */
  static Told forward(ServeReason reason, Forward why, String note) {
    return new Told(
        reason,
        CacheStatus.ofForward(why).withDetail(note.isEmpty() ? reason.label() : note),
        note,
        null);
  }

  /** Made here, the origin not asked: neither a hit nor forwarded. */
  static Told own(ServeReason reason) {
    return new Told(reason, CacheStatus.ofOwn().withDetail(reason.label()), "", null);
  }

  Told with(CacheStatus changed) {
    return new Told(reason, changed, note, leader);
  }

  Told withNote(String text) {
    return new Told(reason, status, text, leader);
  }

  Told collapsedInto(String fill) {
    return new Told(reason, status.withCollapsed(true), note, fill);
  }
}
