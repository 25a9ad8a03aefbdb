package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.store.MetadataStore.Version;
import java.util.List;

/**
 * What the store holds of one primary key.
 *
 * @param index the version of the vary index, or ABSENT
 */
record StoredKey(Epoch epoch, List<String> vary, Version index, List<StoredEntry> entries) {
  record StoredEntry(Entry entry, Version version) {}
}
