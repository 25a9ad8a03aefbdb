package dev.weir.store.collect;

import dev.weir.entry.ChunkId;

/**
 * A number per chunk, small enough for millions: open addressing over the first 64 bits of the
 * digest, 16 bytes a slot, a quarter to a half of the slots in use. Two chunks whose digests begin
 * alike share a line, so a mark may keep one chunk too many and never one too few. Thread-safe.
 */
final class ChunkTable {
  private static final long EMPTY = 0;
  private long[] fingerprints = new long[1024];
  private long[] numbers = new long[1024];
  private int size;

  /** Sets the chunk's number. */
  synchronized void put(ChunkId id, long number) {
    if (2 * (size + 1) > fingerprints.length) {
      grow();
    }
    put(fingerprint(id), number);
  }

  private void put(long fingerprint, long number) {
    int at = find(fingerprint);
    if (fingerprints[at] == EMPTY) {
      fingerprints[at] = fingerprint;
      size++;
    }
    numbers[at] = number;
  }

  /** The chunk's number, or -1 if it has none. */
  synchronized long get(ChunkId id) {
    int at = find(fingerprint(id));
    return fingerprints[at] == EMPTY ? -1 : numbers[at];
  }

  synchronized boolean contains(ChunkId id) {
    return fingerprints[find(fingerprint(id))] != EMPTY;
  }

  synchronized int size() {
    return size;
  }

  /** How many chunks have a number here and none there. */
  synchronized long countWithout(ChunkTable others) {
    long count = 0;
    for (long fingerprint : fingerprints) {
      if (fingerprint != EMPTY && !others.has(fingerprint)) {
        count++;
      }
    }
    return count;
  }

  private synchronized boolean has(long fingerprint) {
    return fingerprints[find(fingerprint)] != EMPTY;
  }

  private int find(long fingerprint) {
    int mask = fingerprints.length - 1;
    int at = (int) fingerprint & mask;
    while (fingerprints[at] != EMPTY && fingerprints[at] != fingerprint) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void grow() {
    long[] oldFingerprints = fingerprints;
    long[] oldNumbers = numbers;
    fingerprints = new long[2 * oldFingerprints.length];
    numbers = new long[fingerprints.length];
    size = 0;
    for (int i = 0; i < oldFingerprints.length; i++) {
      if (oldFingerprints[i] != EMPTY) {
        put(oldFingerprints[i], oldNumbers[i]);
      }
    }
  }

  private static long fingerprint(ChunkId id) {
    long bits = Long.parseUnsignedLong(id.hex(), 0, 16, 16);
    return bits == EMPTY ? 1 : bits;
  }
}
