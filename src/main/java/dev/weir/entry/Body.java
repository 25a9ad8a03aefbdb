package dev.weir.entry;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Where the bytes of an entry are: in the document itself, or in chunks. */
public sealed interface Body {
  long length();

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
}
