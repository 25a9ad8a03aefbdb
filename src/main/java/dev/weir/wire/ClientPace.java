package dev.weir.wire;

import java.util.concurrent.TimeUnit;

/**
 * When the client of one connection has moved, and until when it must move on. All times are those
 * of {@code System.nanoTime}.
 *
 * <p>While a body comes, the client must never rest longer than {@code body-idle-timeout}, and must
 * send so many bytes in each window of time: one that sends a byte now and then holds a connection
 * for ever otherwise.
 */
final class ClientPace {
  /** A reader that takes longer than this was the slow one, or there was a wait for 100. */
  private static final long SLOW_READER_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long NEVER_NANOS = TimeUnit.DAYS.toNanos(365);

  private final GuardSettings settings;
  private long movedNanos = System.nanoTime();
  private long takenNanos = movedNanos;
  private long windowNanos = movedNanos;
  private long windowBytes;
  private long handedNanos = movedNanos;

  ClientPace(GuardSettings settings) {
    this.settings = settings;
  }

  // --- what happens

  /** Bytes came. */
  void received(int bytes) {
    moved();
    windowBytes += bytes;
  }

  /** Something went on, on either side. */
  void moved() {
    movedNanos = System.nanoTime();
  }

  /** A head begins: its time counts from the last movement. */
  void headBegins() {
    windowNanos = movedNanos;
  }

  /** A body begins, or its next window. */
  void windowBegins() {
    windowNanos = System.nanoTime();
    windowBytes = 0;
  }

  /** A part of the request was handed on to its reader. */
  void handedOn() {
    handedNanos = System.nanoTime();
  }

  /** The reader of the body asks for more: after a long wait the client is judged from now. */
  void askedFor() {
    if (System.nanoTime() - handedNanos > SLOW_READER_NANOS) {
      moved();
      windowBegins();
    }
  }

  /** The client was given a part of the response. */
  void given() {
    takenNanos = System.nanoTime();
  }

  // --- until when

  /** For the first byte of a head. */
  long idleDeadline() {
    return after(movedNanos, settings.idleTimeoutMillis());
  }

  long headDeadline() {
    return after(windowNanos, settings.headTimeoutMillis());
  }

  long bodyDeadline() {
    return earlier(
        after(movedNanos, settings.bodyIdleTimeoutMillis()),
        after(windowNanos, settings.bodyWindowMillis()));
  }

  /** Whether a body whose deadline has passed comes too slowly; else its next window may begin. */
  boolean isBodyTooSlow(long now) {
    return isPast(after(movedNanos, settings.bodyIdleTimeoutMillis()), now)
        || windowBytes < settings.bodyWindowMinBytes();
  }

  long tunnelDeadline() {
    return after(movedNanos, settings.tunnelIdleTimeoutMillis());
  }

  long lingerDeadline() {
    return after(movedNanos, settings.lingerMillis());
  }

  /** For taking what it was given. */
  long sendDeadline() {
    return after(takenNanos, settings.sendStallTimeoutMillis());
  }

  // --- deadlines as such

  static long never(long now) {
    return now + NEVER_NANOS;
  }

  static boolean isNever(long deadline, long now) {
    return deadline - now >= NEVER_NANOS;
  }

  static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  static boolean isPast(long deadline, long now) {
    return now - deadline >= 0;
  }

  private static long after(long fromNanos, long millis) {
    return fromNanos + TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
