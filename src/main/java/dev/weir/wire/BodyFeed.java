package dev.weir.wire;

import dev.weir.http.Headers;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Takes one message body out of what arrives and frames it anew: of the sender's chunking nothing
 * is left but where the body ends, so that no reader behind can see another end.
 */
final class BodyFeed {
  /** Pekko's parser takes chunks up to 1 MiB; pieces of this size keep its copies small. */
  private static final int MAX_PIECE_BYTES = 256 * 1024;

  private static final int SIZE_LINE_ROOM = 10;
  private static final byte[] LAST_CHUNK = HeadWriter.ascii("0\r\n\r\n");

  private final @Nullable ChunkReader chunks;
  private final boolean keepChunked;
  private long remaining;
  private boolean ended;

  private BodyFeed(@Nullable ChunkReader chunks, boolean keepChunked, long remaining) {
    this.chunks = chunks;
    this.keepChunked = keepChunked;
    this.remaining = remaining;
    this.ended = remaining == 0;
  }

  /**
   * A feed of a body of that framing.
   *
   * @param keepChunked a chunked body goes on chunked, else as its plain octets
   */
  static BodyFeed of(
      BodyFraming framing, boolean keepChunked, HeadParser parser, GuardSettings settings) {
    return switch (framing) {
      case BodyFraming.None none -> new BodyFeed(null, false, 0);
      case BodyFraming.Length length -> new BodyFeed(null, false, length.bytes());
      case BodyFraming.UntilClose close -> new BodyFeed(null, false, Long.MAX_VALUE);
      case BodyFraming.Chunked chunked ->
          new BodyFeed(new ChunkReader(parser, settings), keepChunked, Long.MAX_VALUE);
    };
  }

  /** The body has ended, as its framing says. */
  boolean ended() {
    return ended;
  }

  Headers trailers() {
    return chunks == null ? Headers.EMPTY : chunks.trailers();
  }

  /** The next piece, or null if more octets must arrive first or the body has ended. */
  @Nullable ByteString next(InputBuffer in) {
    if (ended || in.isEmpty()) {
      return null;
    }
    if (chunks != null) {
      return nextChunk(in, chunks);
    }
    int count = (int) Math.min(remaining, in.size());
    if (remaining != Long.MAX_VALUE) {
      remaining -= count;
      ended = remaining == 0;
    }
    return in.take(count);
  }

  private @Nullable ByteString nextChunk(InputBuffer in, ChunkReader reader) {
    int limit = Math.min(in.to, in.from + MAX_PIECE_BYTES);
    byte[] out = new byte[SIZE_LINE_ROOM + limit - in.from + 2 + LAST_CHUNK.length];
    int end = SIZE_LINE_ROOM;
    int at = in.from;
    ChunkReader.Event event = ChunkReader.Event.DATA;
    while (event == ChunkReader.Event.DATA && at < limit) {
      event = reader.next(in.octets, at, limit);
      at = reader.position();
      if (event == ChunkReader.Event.DATA) {
        int count = at - reader.dataStart();
        System.arraycopy(in.octets, reader.dataStart(), out, end, count);
        end += count;
      }
    }
    in.skip(at - in.from);
    ended = event == ChunkReader.Event.END;
    return keepChunked ? chunk(out, end) : plain(out, end);
  }

  private static @Nullable ByteString plain(byte[] out, int end) {
    return end == SIZE_LINE_ROOM ? null : slice(out, SIZE_LINE_ROOM, end);
  }

  private @Nullable ByteString chunk(byte[] out, int dataEnd) {
    int start = SIZE_LINE_ROOM;
    int end = dataEnd;
    if (end > SIZE_LINE_ROOM) {
      out[--start] = '\n';
      out[--start] = '\r';
      for (int size = end - SIZE_LINE_ROOM; size > 0; size >>>= 4) {
        out[--start] = (byte) Character.forDigit(size & 0xF, 16);
      }
      out[end++] = '\r';
      out[end++] = '\n';
    }
    if (ended) {
      System.arraycopy(LAST_CHUNK, 0, out, end, LAST_CHUNK.length);
      end += LAST_CHUNK.length;
    }
    return end == start ? null : slice(out, start, end);
  }

  /** Mostly a view; a small piece of a big array is copied so that it does not hold the array. */
  private static ByteString slice(byte[] out, int start, int end) {
    return (end - start) * 2 < out.length
        ? ByteString.fromArrayUnsafe(Arrays.copyOfRange(out, start, end))
        : ByteString.fromArrayUnsafe(out, start, end - start);
  }
}
