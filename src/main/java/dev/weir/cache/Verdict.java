package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Grant;
import dev.weir.fill.Fill;

/** What a request is to do, by its key's keeper. */
public sealed interface Verdict {
  /** Stored; fresh or not is for the request to judge. */
  record Serve(Entry entry) implements Verdict {}

  /** Fetch it; commit under the grant. */
  record Lead(Grant grant) implements Verdict {}

  /** Fetch it with the entry's validators; commit under the grant. */
  record Validate(Grant grant, Entry entry) implements Verdict {}

  /** Read along. */
  record Follow(Fill fill) implements Verdict {}

  /** Go to the origin alone; nothing will be committed. {@code reason} is for Cache-Status. */
  record Pass(String reason) implements Verdict {}
}
