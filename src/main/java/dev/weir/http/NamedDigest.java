package dev.weir.http;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The digest by which a path names its content: blobs and manifests of container registries (OCI
 * distribution), indexes of package archives under {@code by-hash}. Content that has another is not
 * what the path names, whoever sends it. MD5 and SHA-1 prove nothing and are passed over.
 *
 * @param algorithm as the JDK names it
 * @param hex in lower case
 */
public record NamedDigest(String algorithm, String hex) {
  private static final Pattern REGISTRY =
      Pattern.compile(
          "/v2/.+/(?:blobs|manifests)/sha(?:256(?::|%3[Aa])([0-9A-Fa-f]{64})"
              + "|512(?::|%3[Aa])([0-9A-Fa-f]{128}))");
  private static final Pattern BY_HASH =
      Pattern.compile(
          ".*/by-hash/(?i:sha256/([0-9a-f]{64})|sha512/([0-9a-f]{128}))", Pattern.DOTALL);

  /** What the path of a raw target names; null if it names none. */
  public static @Nullable NamedDigest of(String target) {
    boolean may = target.startsWith("/v2/") || target.contains("/by-hash/");
    if (!may) {
      return null;
    }
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    NamedDigest digest = of(REGISTRY.matcher(path));
    return digest == null ? of(BY_HASH.matcher(path)) : digest;
  }

  private static @Nullable NamedDigest of(Matcher path) {
    if (!path.matches()) {
      return null;
    }
    String shorter = path.group(1);
    return shorter != null
        ? new NamedDigest("SHA-256", shorter.toLowerCase(Locale.ROOT))
        : new NamedDigest("SHA-512", path.group(2).toLowerCase(Locale.ROOT));
  }
}
