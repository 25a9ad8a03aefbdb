package dev.weir.store;

import dev.weir.store.BodyStage.Pins;
import org.apache.pekko.util.ByteString;

/** A stretch of a stored body that is at hand, from the byte {@code first} of the body on. */
sealed interface HeldStretch {
  long first();

  long length();

  void close();

  record Given(long first, ByteString bytes) implements HeldStretch {
    @Override
    public long length() {
      return bytes.length();
    }

    @Override
    public void close() {}
  }

  record Pinned(long first, Pins pins) implements HeldStretch {
    @Override
    public long length() {
      return pins.manifest().totalBytes();
    }

    @Override
    public void close() {
      pins.close();
    }
  }

  default long end() {
    return first() + length();
  }

  /** What is asked for must lie within the body. */
  static void requireSpan(long from, long to, long length) {
    if (from < 0 || from > to || to > length) {
      throw new IllegalArgumentException("bytes " + from + " to " + to + " of a body of " + length);
    }
  }
}
