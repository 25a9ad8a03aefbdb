package dev.weir.entry;

import java.util.List;

/**
 * What is stored once per primary key: its epoch, the field names its responses vary by (lower
 * case, in their order; empty for none) and the variants that have an entry, at most 64, newest
 * last. One without variants is the tombstone of a purge.
 */
public record VaryIndex(PrimaryKey key, Epoch epoch, List<String> vary, List<VariantKey> variants) {
  public static final int MAX_VARIANTS = 64;

  public VaryIndex {
    vary = List.copyOf(vary);
    variants = List.copyOf(variants);
  }
}
