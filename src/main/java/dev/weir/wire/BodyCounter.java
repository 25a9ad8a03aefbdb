package dev.weir.wire;

import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Knows when a body that Pekko HTTP renders has ended, while its bytes pass unchanged. */
final class BodyCounter {
  private final @Nullable ChunkReader chunks;
  private final boolean untilClose;
  private long remaining;
  private boolean ended;

  BodyCounter(BodyFraming framing, HeadParser parser, GuardSettings settings) {
    chunks = framing instanceof BodyFraming.Chunked ? new ChunkReader(parser, settings) : null;
    untilClose = framing instanceof BodyFraming.UntilClose;
    remaining = framing instanceof BodyFraming.Length length ? length.bytes() : 0;
    ended = framing instanceof BodyFraming.None;
  }

  boolean ended() {
    return ended;
  }

  boolean chunked() {
    return chunks != null;
  }

  boolean untilClose() {
    return untilClose;
  }

  void count(ByteString bytes) {
    if (bytes.isEmpty() || untilClose) {
      return;
    }
    if (ended) {
      throw new IllegalStateException("bytes were rendered behind the end of a body");
    }
    if (chunks != null) {
      count(bytes.toArrayUnsafe(), chunks);
      return;
    }
    remaining -= bytes.size();
    ended = remaining == 0;
    if (remaining < 0) {
      throw new IllegalStateException("more bytes were rendered than announced");
    }
  }

  private void count(byte[] octets, ChunkReader reader) {
    int at = 0;
    while (at < octets.length && !ended) {
      ended = reader.next(octets, at, octets.length) == ChunkReader.Event.END;
      at = reader.position();
    }
    if (at < octets.length) {
      throw new IllegalStateException("bytes were rendered behind the last chunk");
    }
  }
}
