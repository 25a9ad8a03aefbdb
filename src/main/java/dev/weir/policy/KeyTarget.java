package dev.weir.policy;

/**
 * What stands for the path and query of a URL in its name in the cache. Scheme and authority are
 * never part of it, and it begins with a slash: whatever it is made of, it cannot lead into another
 * origin's keys, nor imitate what stands beside the URL on lines of its own.
 *
 * @param text printable ASCII without spaces, at most {@value #MAX_CHARS} characters
 */
public record KeyTarget(String text) {
  public static final int MAX_CHARS = 8192;

  public KeyTarget {
    boolean printable = text.chars().allMatch(c -> c > ' ' && c <= '~');
    if (!text.startsWith("/") || text.length() > MAX_CHARS || !printable) {
      throw new IllegalArgumentException(
          "a key begins with a slash and is at most 8192 printable characters");
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
