package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Manifest;
import dev.weir.http.Headers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which entries are stored, in the order of their last use, what they take on disk, and how many of
 * them name each chunk. Holds about 300 bytes of heap per entry and 32 more per chunk, not the
 * entries themselves. Thread-safe; no effects: what has become free is returned.
 */
final class Ledger {
  /** Files take whole blocks; counting bytes would let many small chunks overfill the disk. */
  private static final long BLOCK_BYTES = 4096;

  /** What a document takes besides its texts and its inline body. */
  private static final long DOCUMENT_OVERHEAD_BYTES = 400;

  private final Map<String, Line> lines = new HashMap<>();
  private final DigestCounts named = new DigestCounts();

  /** The ends of the ring: {@code next} is the longest unused line, {@code previous} the newest. */
  private final Line ring = new Line("", "", List.of(), 0, 0);

  private long bytes;

  /** A chunk that no entry names any more. */
  record Freed(ChunkId id, long diskBytes) {}

  /** An entry that might go: its id and the fill that made it. */
  record Candidate(String id, String tag, long bytes) {}

  /**
   * Notes a stored entry as just used; returns what the one it replaces leaves behind.
   *
   * @param oversized to be the first to go
   */
  synchronized List<Freed> put(Entry entry, long usedMillis, boolean oversized) {
    Line old = lines.get(entry.documentId());
    if (old != null && old.tag.equals(entry.tag().text()) && old.isOf(entry.body())) {
      moveToNewest(old, usedMillis);
      return List.of();
    }
    Line line = Line.of(entry, usedMillis);
    bytes += line.documentBytes;
    line.forEachChunk(
        (chunk, length) -> {
          if (named.increment(chunk) == 1) {
            bytes += diskBytes(length);
          }
        });
    List<Freed> freed = old == null ? List.of() : strike(old);
    lines.put(line.id, line);
    line.insertBefore(oversized ? ring.next : ring);
    return freed;
  }

  /** Notes an entry found stored, unless it has been noted meanwhile. */
  synchronized void putIfAbsent(Entry entry, long usedMillis) {
    if (!lines.containsKey(entry.documentId())) {
      var _ = put(entry, usedMillis, false);
    }
  }

  /** Puts all lines in the order of their last use, for those that came in another. */
  synchronized void orderByUse() {
    List<Line> all = new ArrayList<>(lines.values());
    all.sort(Comparator.comparingLong(line -> line.usedMillis));
    for (Line line : all) {
      line.unlink();
      line.insertBefore(ring);
    }
  }

  /** Forgets an entry, if it still is that fill's. */
  synchronized List<Freed> remove(String id, String tag) {
    Line line = lines.get(id);
    return line == null || !line.tag.equals(tag) ? List.of() : strike(line);
  }

  private List<Freed> strike(Line line) {
    lines.remove(line.id, line);
    line.unlink();
    bytes -= line.documentBytes;
    List<Freed> freed = new ArrayList<>();
    line.forEachChunk(
        (chunk, length) -> {
          if (named.decrement(chunk) == 0) {
            bytes -= diskBytes(length);
            freed.add(new Freed(chunk, diskBytes(length)));
          }
        });
    return freed;
  }

  /** Notes a use, unless one was noted within that time; tells whether it did. */
  synchronized boolean use(String id, long atMillis, long unlessWithinMillis) {
    Line line = lines.get(id);
    if (line == null || atMillis - line.usedMillis < unlessWithinMillis) {
      return false;
    }
    moveToNewest(line, atMillis);
    return true;
  }

  private void moveToNewest(Line line, long usedMillis) {
    line.usedMillis = Math.max(line.usedMillis, usedMillis);
    line.unlink();
    line.insertBefore(ring);
  }

  /** The longest unused entries: as many as it takes to free so much, at most {@code max}. */
  synchronized List<Candidate> longestUnused(long freeBytes, int max) {
    List<Candidate> found = new ArrayList<>();
    long sum = 0;
    for (Line line = ring.next; line != ring && sum < freeBytes && found.size() < max; ) {
      long size = line.sizeBytes();
      found.add(new Candidate(line.id, line.tag, size));
      sum += size;
      line = line.next;
    }
    return found;
  }

  /** The ids and tags of all entries that have a chunk for which the test is true. */
  List<Candidate> havingChunk(ChunkTest test) {
    List<Line> all;
    synchronized (this) {
      all = List.copyOf(lines.values());
    }
    return all.stream()
        .filter(line -> line.anyChunk(test))
        .map(line -> new Candidate(line.id, line.tag, line.sizeBytes()))
        .toList();
  }

  boolean names(ChunkId id) {
    return named.contains(id);
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized int size() {
    return lines.size();
  }

  static long diskBytes(long lengthBytes) {
    return (lengthBytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }

  static long sizeBytes(Entry entry) {
    return Line.of(entry, 0).sizeBytes();
  }

  /** A question about one chunk of an entry. */
  @FunctionalInterface
  interface ChunkTest {
    boolean test(ChunkId id, long lengthBytes);
  }

  /** Something to do with each chunk of an entry. */
  @FunctionalInterface
  private interface ChunkAction {
    void accept(ChunkId id, long lengthBytes);
  }

  /** The chunks of one manifest; all of {@code chunkBytes} but the last. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Run(byte[] digests, long totalBytes, long chunkBytes) {
    static Run of(Manifest manifest) {
      return new Run(ManifestCodec.digests(manifest), manifest.totalBytes(), manifest.chunkBytes());
    }

    boolean anyChunk(ChunkTest test) {
      long left = totalBytes;
      for (int at = 0; at < digests.length; at += ManifestCodec.DIGEST_BYTES) {
        if (test.test(ManifestCodec.chunkId(digests, at), Math.min(left, chunkBytes))) {
          return true;
        }
        left -= chunkBytes;
      }
      return false;
    }

    long onDiskBytes() {
      long sum = 0;
      for (long left = totalBytes; left > 0; left -= chunkBytes) {
        sum += diskBytes(Math.min(left, chunkBytes));
      }
      return sum;
    }
  }

  /** One entry, in the ring of all. */
  private static final class Line {
    private final String id;
    private final String tag;
    private final List<Run> runs;
    private final long documentBytes;
    private long usedMillis;
    private Line previous = this;
    private Line next = this;

    Line(String id, String tag, List<Run> runs, long documentBytes, long usedMillis) {
      this.id = id;
      this.tag = tag;
      this.runs = runs;
      this.documentBytes = documentBytes;
      this.usedMillis = usedMillis;
    }

    static Line of(Entry entry, long usedMillis) {
      String id = entry.documentId();
      String tag = entry.tag().text();
      long document = documentBytes(entry);
      return switch (entry.body()) {
        case Body.Inline(byte[] inline) ->
            new Line(id, tag, List.of(), document + inline.length, usedMillis);
        case Body.Chunked(Manifest manifest) ->
            new Line(id, tag, List.of(Run.of(manifest)), document, usedMillis);
        case Body.Segmented(long total, List<Body.Segment> segments) -> {
          List<Run> runs = new ArrayList<>(segments.size());
          long inlined = 0;
          for (Body.Segment segment : segments) {
            if (segment.body() instanceof Body.Chunked(Manifest manifest)) {
              runs.add(Run.of(manifest));
            } else {
              inlined += segment.length();
            }
          }
          yield new Line(id, tag, List.copyOf(runs), document + inlined, usedMillis);
        }
      };
    }

    private static long documentBytes(Entry entry) {
      Headers headers = entry.response().headers();
      long sum = DOCUMENT_OVERHEAD_BYTES + entry.url().length();
      for (int i = 0; i < headers.size(); i++) {
        sum += headers.name(i).length() + headers.value(i).length();
      }
      return sum;
    }

    boolean isOf(Body body) {
      long length =
          switch (body) {
            case Body.Inline inline -> 0;
            case Body.Chunked(Manifest manifest) -> manifest.totalBytes();
            case Body.Segmented(long total, List<Body.Segment> segments) ->
                segments.stream()
                    .filter(segment -> segment.body() instanceof Body.Chunked)
                    .mapToLong(Body.Segment::length)
                    .sum();
          };
      return length == runs.stream().mapToLong(Run::totalBytes).sum();
    }

    void forEachChunk(ChunkAction action) {
      anyChunk(
          (id0, length) -> {
            action.accept(id0, length);
            return false;
          });
    }

    boolean anyChunk(ChunkTest test) {
      for (Run run : runs) {
        if (run.anyChunk(test)) {
          return true;
        }
      }
      return false;
    }

    long sizeBytes() {
      long sum = documentBytes;
      for (Run run : runs) {
        sum += run.onDiskBytes();
      }
      return sum;
    }

    void unlink() {
      previous.next = next;
      next.previous = previous;
      previous = this;
      next = this;
    }

    void insertBefore(Line other) {
      previous = other.previous;
      next = other;
      other.previous.next = this;
      other.previous = this;
    }
  }
}
