package dev.weir.store;

import dev.weir.entry.ChunkId;

/**
 * A count per chunk id, small enough for a million of them: open addressing over the first 64 bits
 * of the digest, 12 bytes a slot, a quarter to a half of the slots in use. Two chunks whose digests
 * begin alike share a count; it is 0 only if that of both is, so whoever deletes at 0 never deletes
 * too much. Thread-safe.
 */
final class DigestCounts {
  private static final long EMPTY = 0;
  private static final int FIRST_SLOTS = 1024;
  private long[] fingerprints = new long[FIRST_SLOTS];
  private int[] counts = new int[FIRST_SLOTS];
  private int size;

  synchronized boolean contains(ChunkId id) {
    return fingerprints[find(fingerprint(id))] != EMPTY;
  }

  /** The count after adding one. */
  synchronized int increment(ChunkId id) {
    long fingerprint = fingerprint(id);
    int at = find(fingerprint);
    if (fingerprints[at] == EMPTY) {
      if (2 * (size + 1) > fingerprints.length) {
        grow();
        at = find(fingerprint);
      }
      fingerprints[at] = fingerprint;
      size++;
    }
    return ++counts[at];
  }

  /** The count after taking one away; never below 0. */
  synchronized int decrement(ChunkId id) {
    int at = find(fingerprint(id));
    if (fingerprints[at] == EMPTY) {
      return 0;
    }
    int left = --counts[at];
    if (left == 0) {
      remove(at);
    }
    return left;
  }

  synchronized void clear(ChunkId id) {
    int at = find(fingerprint(id));
    if (fingerprints[at] != EMPTY) {
      remove(at);
    }
  }

  synchronized int size() {
    return size;
  }

  /** Closes the gap by moving back what it had pushed on, so that no tombstones pile up. */
  private void remove(int at) {
    size--;
    int gap = at;
    int mask = fingerprints.length - 1;
    for (int next = (gap + 1) & mask; fingerprints[next] != EMPTY; next = (next + 1) & mask) {
      int home = (int) fingerprints[next] & mask;
      if (((next - home) & mask) >= ((next - gap) & mask)) {
        fingerprints[gap] = fingerprints[next];
        counts[gap] = counts[next];
        gap = next;
      }
    }
    fingerprints[gap] = EMPTY;
    counts[gap] = 0;
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
    int[] oldCounts = counts;
    fingerprints = new long[2 * oldFingerprints.length];
    counts = new int[fingerprints.length];
    for (int i = 0; i < oldFingerprints.length; i++) {
      if (oldFingerprints[i] != EMPTY) {
        int at = find(oldFingerprints[i]);
        fingerprints[at] = oldFingerprints[i];
        counts[at] = oldCounts[i];
      }
    }
  }

  private static long fingerprint(ChunkId id) {
    long bits = Long.parseUnsignedLong(id.hex(), 0, 16, 16);
    return bits == EMPTY ? 1 : bits;
  }
}
