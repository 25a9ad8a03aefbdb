package dev.weir.store;

import dev.weir.entry.Body;
import dev.weir.entry.ChunkId;
import dev.weir.entry.Entry;
import dev.weir.entry.Manifest;
import dev.weir.http.Headers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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
  private final Function<Body.Listed, Optional<Manifest>> manifests;

  /** The ends of the ring: {@code next} is the longest unused line, {@code previous} the newest. */
  private final Line ring = new Line("", "", 0, List.of(), 0, 0);

  private long bytes;

  /**
   * @param manifests reads the manifest of such a body from this disk; nothing if it is not whole
   */
  Ledger(Function<Body.Listed, Optional<Manifest>> manifests) {
    this.manifests = manifests;
  }

  /** A chunk that no entry names any more. */
  record Freed(ChunkId id, long diskBytes) {}

  /** An entry that might go: its id and the fill that made it. */
  record Candidate(String id, String tag, long bytes) {}

  /**
   * Notes a stored entry as just used; returns what the one it replaces leaves behind. May wait for
   * the disk, where the manifest of the body is a chunk.
   *
   * @param oversizedBytes one that takes more is the first to go
   */
  List<Freed> put(Entry entry, long usedMillis, long oversizedBytes) {
    synchronized (this) {
      Line old = lines.get(entry.documentId());
      if (old != null && old.tag.equals(entry.tag().text()) && old.isOf(entry.body())) {
        moveToNewest(old, usedMillis);
        return List.of();
      }
    }
    Line line = Line.of(entry, usedMillis, manifests); // uses of others are noted meanwhile
    return put(line, line.sizeBytes() > oversizedBytes);
  }

  private synchronized List<Freed> put(Line line, boolean oversized) {
    Line old = lines.get(line.id);
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
  void putIfAbsent(Entry entry, long usedMillis) {
    Line line = Line.of(entry, usedMillis, manifests);
    synchronized (this) {
      if (!lines.containsKey(line.id)) {
        var _ = put(line, false);
      }
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

  /** The longest unused entries not used since then, at most {@code max}. */
  synchronized List<Candidate> unusedSince(long sinceMillis, int max) {
    List<Candidate> found = new ArrayList<>();
    Line line = ring.next;
    while (line != ring && found.size() < max && line.usedMillis < sinceMillis) {
      found.add(new Candidate(line.id, line.tag, line.sizeBytes()));
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

  /** Of a chunk that is not whole: neither a file has it nor the absence of one. */
  private static final long NO_LENGTH = -2;

  /** The chunks of one manifest; all of {@code chunkBytes} but the last. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Run(byte[] digests, long totalBytes, long chunkBytes) {
    static Run of(Manifest manifest) {
      return new Run(ManifestCodec.digests(manifest), manifest.totalBytes(), manifest.chunkBytes());
    }

    /** The chunk that is a manifest itself. */
    static Run ofManifest(Body.Listed body, boolean whole) {
      long length = ManifestCodec.encodedBytes(body.chunkCount());
      byte[] digest = HexFormat.of().parseHex(body.manifest().hex());
      return new Run(digest, whole ? length : NO_LENGTH, length);
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
    private final long chunkedBytes;
    private final List<Run> runs;
    private final long documentBytes;
    private long usedMillis;
    private Line previous = this;
    private Line next = this;

    Line(
        String id,
        String tag,
        long chunkedBytes,
        List<Run> runs,
        long documentBytes,
        long usedMillis) {
      this.id = id;
      this.tag = tag;
      this.chunkedBytes = chunkedBytes;
      this.runs = runs;
      this.documentBytes = documentBytes;
      this.usedMillis = usedMillis;
    }

    static Line of(
        Entry entry, long usedMillis, Function<Body.Listed, Optional<Manifest>> manifests) {
      List<Run> runs = new ArrayList<>(1);
      long inlined = gather(entry.body(), manifests, runs);
      return new Line(
          entry.documentId(),
          entry.tag().text(),
          chunkedBytes(entry.body()),
          List.copyOf(runs),
          documentBytes(entry) + inlined,
          usedMillis);
    }

    /** Collects the chunks of a body; returns how many of its bytes are in the document. */
    private static long gather(
        Body body, Function<Body.Listed, Optional<Manifest>> manifests, List<Run> into) {
      long inlined = 0;
      switch (body) {
        case Body.Inline(byte[] bytes) -> inlined = bytes.length;
        case Body.Chunked(Manifest manifest) -> into.add(Run.of(manifest));
        case Body.Listed listed -> {
          Optional<Manifest> manifest = manifests.apply(listed);
          into.add(Run.ofManifest(listed, manifest.isPresent()));
          manifest.ifPresent(names -> into.add(Run.of(names)));
        }
        case Body.Segmented(long total, List<Body.Segment> segments) -> {
          for (Body.Segment segment : segments) {
            inlined += gather(segment.body(), manifests, into);
          }
        }
      }
      return inlined;
    }

    /** How many bytes of a body are in chunks. */
    private static long chunkedBytes(Body body) {
      return switch (body) {
        case Body.Inline inline -> 0;
        case Body.Chunked chunked -> chunked.length();
        case Body.Listed listed -> listed.length();
        case Body.Segmented(long total, List<Body.Segment> segments) ->
            segments.stream().mapToLong(segment -> chunkedBytes(segment.body())).sum();
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
      return chunkedBytes == chunkedBytes(body);
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
