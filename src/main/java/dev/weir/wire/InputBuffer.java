package dev.weir.wire;

import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * Octets that arrived and are not yet taken. Arrays are only ever appended to behind what has been
 * handed out, so slices of them may leave without a copy.
 */
final class InputBuffer {
  private static final byte[] NOTHING = new byte[0];

  byte[] octets = NOTHING;
  int from;
  int to;
  private boolean own;

  int size() {
    return to - from;
  }

  boolean isEmpty() {
    return from == to;
  }

  void append(ByteString bytes) {
    if (isEmpty()) {
      octets = bytes.toArrayUnsafe();
      from = 0;
      to = octets.length;
      own = false;
      return;
    }
    int more = bytes.size();
    if (!own || octets.length - to < more) {
      int held = size();
      octets = Arrays.copyOfRange(octets, from, from + Math.max(2 * held, held + more + 256));
      from = 0;
      to = held;
      own = true;
    }
    bytes.copyToArray(octets, to, more);
    to += more;
  }

  /** Takes the next octets out, without a copy. */
  ByteString take(int count) {
    ByteString taken =
        from == 0 && count == octets.length
            ? ByteString.fromArrayUnsafe(octets)
            : ByteString.fromArrayUnsafe(octets, from, count);
    skip(count);
    return taken;
  }

  void skip(int count) {
    from += count;
    if (from == to) {
      clear();
    }
  }

  void clear() {
    octets = NOTHING;
    from = 0;
    to = 0;
    own = false;
  }
}
