package dev.weir.mirror.links;

import com.typesafe.config.Config;
import java.util.regex.Pattern;

/**
 * How index documents are rewritten, block {@code weir.mirror.links}, where each has its reason.
 *
 * @param on whether they are at all
 * @param publicUrl how clients reach the mirror, as {@code https://mirror.example}; empty: by the
 *     Host that they ask for
 * @param maxBytes the largest document
 * @param workingBytes of documents that are being rewritten; others wait
 * @param workingNodes of pages that are being rewritten: tags and attributes; the most a page has
 * @param cacheBytes of rewritten documents that are kept in memory
 */
public record LinkSettings(
    boolean on,
    String publicUrl,
    long maxBytes,
    long workingBytes,
    long workingNodes,
    long cacheBytes) {
  private static final Pattern URL = Pattern.compile("https?://[^/?#\\s]+");

  public LinkSettings {
    if (!publicUrl.isEmpty() && !URL.matcher(publicUrl).matches()) {
      throw new IllegalArgumentException(
          "weir.mirror.links.public-url must be like https://mirror.example, without a path: "
              + publicUrl);
    }
    if (maxBytes < 1
        || maxBytes > Integer.MAX_VALUE / 2
        || workingBytes < 1
        || workingNodes < 1
        || cacheBytes < 0) {
      throw new IllegalArgumentException(
          "weir.mirror.links.max-bytes must be from 1 to 1 GiB, working-bytes and working-nodes"
              + " above 0, cache-bytes not negative");
    }
  }

  public static LinkSettings from(Config room) {
    return new LinkSettings(
        room.getBoolean("on"),
        room.getString("public-url").strip(),
        room.getBytes("max-bytes"),
        room.getBytes("working-bytes"),
        room.getLong("working-nodes"),
        room.getBytes("cache-bytes"));
  }
}
