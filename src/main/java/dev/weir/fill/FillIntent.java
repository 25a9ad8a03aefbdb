package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.entry.VariantKey;
import dev.weir.http.StoredResponse;
import java.util.List;

/** What is to become of a response, judged by a pure function when its head is known. */
public sealed interface FillIntent {
  /** Store it under that variant; everybody may read along whose own variant is the same. */
  record Store(StoredResponse response, VariantKey variant, List<String> vary)
      implements FillIntent {}

  /** A 304: the stored entry with its fields and times brought up to date. */
  record Refresh(Entry refreshed) implements FillIntent {}

  /** Not stored, but the answer for all who have joined (an origin's error). */
  record Share(String reason) implements FillIntent {}

  /** For the leader's client alone; followers are released to the origin. */
  record Relay(String reason) implements FillIntent {}
}
