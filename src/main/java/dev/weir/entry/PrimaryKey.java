package dev.weir.entry;

/**
 * The primary cache key: scheme, host (lower case, no port) and the SHA-224 of the normalised URL
 * in hexadecimal. Its texts are the ids under which stores know it.
 */
public record PrimaryKey(String scheme, String host, String digest) {
  /** {@code <scheme>/<host>/<sha224>}: the entry that has no variant. */
  public String documentId() {
    return scheme + "/" + host + "/" + digest;
  }

  /** {@code <scheme>/<host>/_vary/<sha224>}: the list of variants, which also carries the epoch. */
  public String varyIndexId() {
    return scheme + "/" + host + "/_vary/" + digest;
  }

  /** The id of one variant's entry. */
  public String documentId(VariantKey variant) {
    return variant.isNone() ? documentId() : documentId() + "+" + variant.digest();
  }
}
