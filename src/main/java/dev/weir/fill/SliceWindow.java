package dev.weir.fill;

import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * The newest bytes of a body as the slices they came in, found by offset: a ring that grows at one
 * end and is dropped slice by slice at the other. Not thread-safe.
 */
final class SliceWindow {
  /** Below this, neighbours are merged: a body sent byte by byte must not cost an object each. */
  private static final int MERGE_BYTES = 2048;

  private ByteString[] slices = new ByteString[16];
  private long[] starts = new long[16];
  private int first;
  private int count;
  private long start;
  private long end;

  /** Offset of the oldest byte that is still here. */
  long start() {
    return start;
  }

  /** Offset after the newest byte. */
  long end() {
    return end;
  }

  void add(ByteString bytes) {
    if (bytes.isEmpty()) {
      return;
    }
    int last = count == 0 ? -1 : at(count - 1);
    if (last >= 0 && slices[last].size() + bytes.size() <= MERGE_BYTES) {
      slices[last] = slices[last].concat(bytes).compact();
    } else {
      if (count == slices.length) {
        grow();
      }
      int place = at(count++);
      slices[place] = bytes;
      starts[place] = end;
    }
    end += bytes.size();
  }

  /** Drops all slices that end at or before the offset. */
  void dropBefore(long offset) {
    while (count > 0 && start + slices[first].size() <= offset) {
      start += slices[first].size();
      slices[first] = ByteString.emptyByteString();
      first = at(1);
      count--;
    }
  }

  /** Up to {@code max} bytes from the offset, which must lie in the window. */
  ByteString take(long from, int max) {
    if (from < start || from > end) {
      throw new IllegalArgumentException(from + " is outside " + start + ".." + end);
    }
    if (from == end || max <= 0) {
      return ByteString.emptyByteString();
    }
    int index = find(from);
    int inside = (int) (from - starts[at(index)]);
    ByteString taken = slices[at(index)].drop(inside).take(max);
    while (++index < count && taken.size() < max) {
      taken = taken.concat(slices[at(index)].take(max - taken.size()));
    }
    return taken;
  }

  /** The slice that holds the offset. */
  private int find(long offset) {
    int low = 0;
    int high = count - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (starts[at(middle)] <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private int at(int index) {
    return (first + index) & (slices.length - 1);
  }

  private void grow() {
    ByteString[] moreSlices = new ByteString[slices.length * 2];
    long[] moreStarts = new long[starts.length * 2];
    for (int i = 0; i < count; i++) {
      moreSlices[i] = slices[at(i)];
      moreStarts[i] = starts[at(i)];
    }
    Arrays.fill(moreSlices, count, moreSlices.length, ByteString.emptyByteString());
    slices = moreSlices;
    starts = moreStarts;
    first = 0;
  }
}
