package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.VariantKey;
import dev.weir.http.ByteRanges;
import dev.weir.http.StoredResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is to become of a response, judged by a pure function when its head is known. */
public sealed interface FillIntent {
  /** Store it under that variant; everybody may read along whose own variant is the same. */
  record Store(StoredResponse response, VariantKey variant, List<String> vary)
      implements FillIntent {}

  /**
   * A 206, to be kept as a part of the whole that {@code response} is the head of (RFC 9111 3.3).
   *
   * @param range where its bytes belong; fewer may come, more may not
   * @param joined the entry whose parts it belongs with, for they have the same strong validator;
   *     or null: then it takes the place of any other part
   */
  record StorePart(
      StoredResponse response,
      VariantKey variant,
      List<String> vary,
      ByteRanges.Part range,
      long totalBytes,
      @Nullable Entry joined)
      implements FillIntent {

    /** What is stored of the whole with these bytes too, or null if they are not what was said. */
    @Nullable Body with(Body bytes) {
      if (bytes.length() == 0 || bytes.length() > range.length()) {
        return null;
      }
      Body.Segment segment = new Body.Segment(range.first(), bytes);
      if (joined != null && joined.body() instanceof Body.Segmented others) {
        return bytes.length() == range.length() ? others.with(segment) : null;
      }
      return new Body.Segmented(totalBytes, List.of(segment));
    }
  }

  /** A 304: the stored entry with its fields and times brought up to date. */
  record Refresh(Entry refreshed) implements FillIntent {}

  /** Not stored, but the answer for all who have joined (an origin's error). */
  record Share(Unstored reason) implements FillIntent {
    public Share(String said) {
      this(new Unstored.Said(said));
    }
  }

  /** For the leader's client alone; followers are released to the origin. */
  record Relay(Unstored reason) implements FillIntent {
    public Relay(String said) {
      this(new Unstored.Said(said));
    }
  }
}
