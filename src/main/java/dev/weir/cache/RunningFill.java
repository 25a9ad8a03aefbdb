package dev.weir.cache;

import dev.weir.cache.KeeperCommand.Place;
import dev.weir.cache.KeeperCommand.Progress;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import java.util.List;
import java.util.Optional;

/**
 * A fill as its keeper knows it.
 *
 * @param vary the names {@code variant} was computed from: the asker's, then the response's
 * @param order counts grants of this keeper, so that an older response never replaces a newer one
 * @param solo nobody may wait for its head
 * @param started the origin request has been sent
 * @param leaving its leader has said that it goes
 */
record RunningFill(
    Grant grant,
    List<String> vary,
    VariantKey variant,
    long order,
    boolean solo,
    boolean started,
    boolean leaving,
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

  FillId id() {
    return grant.fill();
  }

  RunningFill heard(long nowNanos) {
    return begun(grant, vary, variant, leaving, stage, nowNanos);
  }

  RunningFill headed(Stage next, List<String> names, VariantKey key, long nowNanos) {
    return begun(grant, names, key, leaving, next, nowNanos);
  }

  /** Its leader goes: whatever of it still arrives, it is not one to be waited for. */
  RunningFill left(long nowNanos) {
    return begun(grant, vary, variant, true, stage, nowNanos);
  }

  /** Another node leads it from here on. */
  RunningFill ledBy(Grant next, long nowNanos) {
    return begun(next, vary, variant, false, stage, nowNanos);
  }

  private RunningFill begun(
      Grant by, List<String> names, VariantKey key, boolean goes, Stage now, long heardNow) {
    return new RunningFill(by, names, key, order, solo, true, goes, now, grantedNanos, heardNow);
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

  /**
   * What its leader would report of it, if others may wait for it. One whose leader goes is known
   * again from whoever has lost it, who would else be sent back to that leader.
   */
  Optional<Progress> report() {
    if (leaving) {
      return Optional.empty();
    }
    return switch (stage) {
      case NO_HEAD ->
          solo ? Optional.empty() : Optional.of(Progress.headless(grant, 0, place(), true));
      case STORABLE -> Optional.of(new Progress(grant, 0, place()));
      case REFRESHING, CLOSED_TO_OTHERS -> Optional.empty();
    };
  }

  private Place place() {
    return new Place(vary, variant);
  }

  boolean isSilent(long nowNanos, long silenceNanos, long headNanos) {
    boolean headOverdue = stage == Stage.NO_HEAD && nowNanos - grantedNanos > headNanos;
    return headOverdue || nowNanos - heardNanos > silenceNanos;
  }
}
