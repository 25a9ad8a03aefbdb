package dev.weir.fill;

import java.util.OptionalLong;

/** What becomes of a fill that nobody reads any more. */
enum Abandonment {
  /** It goes on for now; asked again later, for a body of unknown length may outgrow it. */
  FINISH,
  STOP;

  /**
   * @param storable whether anything would be stored in the end
   * @param length the body's length if it is known
   * @param received bytes that came so far
   */
  static Abandonment decide(
      boolean storable,
      boolean rangeStarted,
      OptionalLong length,
      long received,
      FillSettings settings) {
    if (!storable) {
      return STOP;
    }
    if (rangeStarted) {
      return FINISH;
    }
    if (length.isEmpty()) {
      return received <= settings.finishSmallBytes() ? FINISH : STOP;
    }
    long total = length.getAsLong();
    boolean small = total <= settings.finishSmallBytes();
    boolean nearlyDone = total - received <= settings.finishRemainingBytes();
    return small || nearlyDone ? FINISH : STOP;
  }
}
