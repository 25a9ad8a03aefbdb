package dev.weir.entry;

/**
 * The secondary key: SHA-224 (hexadecimal) of the request values a Vary names, or empty for none.
 */
public record VariantKey(String digest) {
  public static final VariantKey NONE = new VariantKey("");

  public boolean isNone() {
    return digest.isEmpty();
  }
}
