package dev.weir.entry;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the bytes of an entry are: in the document itself, in chunks, or in pieces of both. */
public sealed interface Body {
  /** Of the whole, in bytes, whether or not all of it is here. */
  long length();

  /** Whether every byte of it is here. */
  default boolean complete() {
    return true;
  }

  /** A small body kept in the metadata document. The array is never changed after construction. */
  @SuppressWarnings("ArrayRecordComponent") // equality is by content, below
  record Inline(byte[] bytes) implements Body {
    @Override
    public long length() {
      return bytes.length;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Inline that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /** A body in the chunk store. */
  record Chunked(Manifest manifest) implements Body {
    @Override
    public long length() {
      return manifest.totalBytes();
    }
  }

  /**
   * A body in the chunk store whose manifest is a chunk there too: it names more chunks than a
   * document or a message should carry.
   *
   * @param manifest the digest of the manifest's bytes, by which it is stored
   */
  record Listed(long totalBytes, long chunkBytes, ChunkId manifest) implements Body {
    public Listed {
      if (chunkBytes <= 0 || totalBytes < 0 || totalBytes / chunkBytes > Integer.MAX_VALUE / 64) {
        throw new IllegalArgumentException(totalBytes + " bytes in chunks of " + chunkBytes);
      }
    }

    @Override
    public long length() {
      return totalBytes;
    }

    public int chunkCount() {
      return (int) Manifest.chunkCount(totalBytes, chunkBytes);
    }
  }

  /**
   * What came of a body in partial responses, all of one representation (RFC 9111 3.4): segments by
   * their first byte. They may overlap, but none lies within another.
   */
  record Segmented(long totalBytes, List<Segment> segments) implements Body {
    /** A body in more pieces than this loses its smallest: documents must stay small. */
    public static final int MAX_SEGMENTS = 64;

    public Segmented {
      segments = List.copyOf(segments);
      long before = -1;
      for (Segment segment : segments) {
        if (segment.first() <= before || segment.end() > totalBytes) {
          throw new IllegalArgumentException("segments overlap or reach beyond " + totalBytes);
        }
        before = segment.first();
      }
    }

    @Override
    public long length() {
      return totalBytes;
    }

    @Override
    public boolean complete() {
      return covers(0, totalBytes);
    }

    /** Whether the bytes from {@code from} up to but excluding {@code to} are here. */
    public boolean covers(long from, long to) {
      return reach(from) >= to;
    }

    /** The first byte from there on that is not here. */
    public long reach(long from) {
      long reached = from;
      for (Segment segment : segments) {
        if (segment.first() <= reached && segment.end() > reached) {
          reached = segment.end();
        }
      }
      return reached;
    }

    /** After the last byte that is not here; 0 if there is none. */
    public long lastGapEnd() {
      long start = totalBytes;
      for (Segment segment : segments.reversed()) {
        if (segment.end() >= start) {
          start = Math.min(start, segment.first());
        }
      }
      return start;
    }

    /** With that segment too; those that lie within it go. */
    public Segmented with(Segment added) {
      List<Segment> joined = new ArrayList<>();
      boolean known = false;
      for (Segment segment : segments) {
        known |= segment.first() <= added.first() && segment.end() >= added.end();
        if (segment.first() < added.first() || segment.end() > added.end()) {
          joined.add(segment);
        }
      }
      if (known) {
        return this;
      }
      joined.add(added);
      if (joined.size() > MAX_SEGMENTS) {
        joined.remove(Collections.min(joined, Comparator.comparingLong(Segment::length)));
      }
      joined.sort(Comparator.comparingLong(Segment::first));
      return new Segmented(totalBytes, joined);
    }
  }

  /** A stretch of a body, from its byte {@code first} on. */
  record Segment(long first, Body body) {
    public Segment {
      if (first < 0 || body instanceof Segmented || body.length() == 0) {
        throw new IllegalArgumentException("not a segment: " + first);
      }
    }

    public long length() {
      return body.length();
    }

    /** The byte after its last. */
    public long end() {
      return first + length();
    }
  }
}
