package dev.weir.cache;

import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import java.util.List;

/**
 * A fill as its keeper knows it.
 *
 * @param vary the names {@code variant} was computed from: the asker's, then the response's
 * @param order counts grants of this keeper, so that an older response never replaces a newer one
 * @param solo nobody may wait for its head
 * @param started the origin request has been sent
 */
record RunningFill(
    Grant grant,
    List<String> vary,
    VariantKey variant,
    long order,
    boolean solo,
    boolean started,
    Stage stage,
    long grantedNanos,
    long heardNanos) {

  /** The order of one that another keeper granted. */
  static final long UNORDERED = 0;

  /** What is known of its response. */
  enum Stage {
    NO_HEAD,
    STORABLE,
    /** Validation succeeded; the refreshed entry follows. */
    REFRESHING,
    /** An error for those who had joined. */
    CLOSED_TO_OTHERS
  }

  boolean isOrdered() {
    return order != UNORDERED;
  }

  FillId id() {
    return grant.fill();
  }

  RunningFill heard(long nowNanos) {
    return new RunningFill(grant, vary, variant, order, solo, true, stage, grantedNanos, nowNanos);
  }

  RunningFill headed(Stage next, List<String> names, VariantKey key, long nowNanos) {
    return new RunningFill(grant, names, key, order, solo, true, next, grantedNanos, nowNanos);
  }

  /** Whether a request may wait for it. */
  boolean mayBeJoined(boolean askerMayWait) {
    return switch (stage) {
      case NO_HEAD -> askerMayWait && !solo;
      case STORABLE -> true;
      case REFRESHING -> askerMayWait;
      case CLOSED_TO_OTHERS -> false;
    };
  }

  /** Another node leads it from here on. */
  RunningFill ledBy(Grant next, long nowNanos) {
    return new RunningFill(next, vary, variant, order, solo, true, stage, grantedNanos, nowNanos);
  }

  boolean isSilent(long nowNanos, long silenceNanos, long headNanos) {
    boolean headOverdue = stage == Stage.NO_HEAD && nowNanos - grantedNanos > headNanos;
    return headOverdue || nowNanos - heardNanos > silenceNanos;
  }
}
