package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;

/**
 * Finds where a head ends while its octets arrive; each octet is looked at once. What can be judged
 * before the end is: a bare LF, a first octet that starts no message, and the limits.
 */
public final class HeadScanner {
  private final int maxHeadBytes;
  private final int maxFirstLineBytes;
  private final Reason badStart;

  private int scanned;
  private int lineStart;
  private boolean firstLine = true;

  /** A scanner of request heads, whose first line is bounded by the target's limit. */
  public static HeadScanner ofRequests(GuardSettings settings) {
    return new HeadScanner(
        settings.maxHeadBytes(), settings.maxTargetBytes() + 96, Reason.BAD_REQUEST_LINE);
  }

  public static HeadScanner ofResponses(GuardSettings settings) {
    return new HeadScanner(
        settings.maxHeadBytes(), settings.maxHeadBytes(), Reason.BAD_STATUS_LINE);
  }

  private HeadScanner(int maxHeadBytes, int maxFirstLineBytes, Reason badStart) {
    this.badStart = badStart;
    this.maxHeadBytes = maxHeadBytes;
    this.maxFirstLineBytes = maxFirstLineBytes;
  }

  /** Forgets the last head. */
  public void reset() {
    scanned = 0;
    lineStart = 0;
    firstLine = true;
  }

  /** The length of the head that starts at {@code from}, or -1 while it is not complete. */
  public int find(byte[] octets, int from, int to) {
    if (scanned == 0 && from < to && !Octets.TOKEN[octets[from] & 0xFF]) {
      throw new GuardViolation(badStart);
    }
    int limit = Math.min(to, from + maxHeadBytes);
    for (int i = from + scanned; i < limit; i++) {
      if (octets[i] != '\n') {
        continue;
      }
      int at = i - from;
      if (octets[i - 1] != '\r') {
        throw new GuardViolation(Reason.BARE_LF);
      }
      if (firstLine) {
        checkFirstLine(at);
        firstLine = false;
      } else if (at - lineStart == 1) {
        return at + 1;
      }
      lineStart = at + 1;
    }
    scanned = limit - from;
    if (firstLine) {
      checkFirstLine(scanned);
    }
    if (scanned >= maxHeadBytes) {
      throw new GuardViolation(Reason.HEAD_TOO_LARGE);
    }
    return -1;
  }

  private void checkFirstLine(int bytes) {
    if (bytes > maxFirstLineBytes) {
      throw new GuardViolation(Reason.TARGET_TOO_LONG);
    }
  }
}
