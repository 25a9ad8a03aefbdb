package dev.weir.entry;

/** The name of a chunk: the SHA-256 of its bytes, 64 lower-case hexadecimal digits. */
public record ChunkId(String hex) {
  public ChunkId {
    if (hex.length() != 64) {
      throw new IllegalArgumentException("not a SHA-256: " + hex);
    }
  }

  /** {@code data/a/b/c/d/<sha256>} for a prefix depth of 4. */
  public String path(int prefixDepth) {
    StringBuilder path = new StringBuilder("data/");
    for (int i = 0; i < prefixDepth; i++) {
      path.append(hex.charAt(i)).append('/');
    }
    return path.append(hex).toString();
  }
}
