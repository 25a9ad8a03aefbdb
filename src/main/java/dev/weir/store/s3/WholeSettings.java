package dev.weir.store.s3;

import com.typesafe.config.Config;
import java.net.URI;

/**
 * How bodies are kept as one object each and signed for, block {@code weir.store.s3.whole}. Times
 * are milliseconds.
 *
 * @param lifetimeMillis how long a signed URL is good; half of it it is handed out
 * @param baseUrl in front of the object's key, in place of a signed URL; or empty
 * @param maxBytes larger bodies are not kept as one object
 * @param makes how many are made at a time, each with 10 MiB of the heap
 */
public record WholeSettings(
    long lifetimeMillis,
    String baseUrl,
    long maxBytes,
    int makes,
    long makeTimeoutMillis,
    long retryMillis,
    int rememberedUrls) {
  static final int PART_BYTES = 5 << 20;
  static final long MAX_PARTS = 10_000;

  public WholeSettings {
    require(
        lifetimeMillis >= 60_000 && lifetimeMillis <= 12 * 3_600_000L,
        "lifetime must be from 1m to 12h");
    require(
        maxBytes > 0 && maxBytes <= PART_BYTES * MAX_PARTS,
        "max-bytes must be from 1 to 50000 MiB");
    require(
        makes > 0 && rememberedUrls > 0 && makeTimeoutMillis > 0 && retryMillis > 0,
        "a limit is not positive");
    require(baseUrl.isEmpty() || isHttpUrl(baseUrl), "base-url must be an http or https URL");
    baseUrl = baseUrl.isEmpty() || baseUrl.endsWith("/") ? baseUrl : baseUrl + "/";
  }

  public static WholeSettings from(Config block) {
    return new WholeSettings(
        block.getDuration("lifetime").toMillis(),
        block.getString("base-url"),
        block.getBytes("max-bytes"),
        block.getInt("makes"),
        block.getDuration("make-timeout").toMillis(),
        block.getDuration("retry").toMillis(),
        block.getInt("remembered-urls"));
  }

  private static boolean isHttpUrl(String text) {
    try {
      URI url = URI.create(text);
      return ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
          && url.getHost() != null
          && url.getRawUserInfo() == null
          && url.getRawQuery() == null;
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("weir.store.s3.whole." + otherwise);
    }
  }
}
