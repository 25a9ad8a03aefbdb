package dev.weir.store;

import dev.weir.entry.Entry;
import dev.weir.entry.VaryIndex;

/** One metadata document: an entry, or what is kept once per primary key. */
public sealed interface Document {
  String id();

  record EntryDocument(Entry entry) implements Document {
    @Override
    public String id() {
      return entry.documentId();
    }
  }

  record VaryDocument(VaryIndex index) implements Document {
    @Override
    public String id() {
      return index.key().varyIndexId();
    }
  }
}
