package dev.weir.store.s3;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The settings of the S3 store, block {@code weir.store.s3}; every key and the reason for its
 * default is in {@code reference/store.conf}. Times are milliseconds.
 *
 * @param bucket empty for no S3 at all
 * @param endpoint the URL of a server other than AWS, which is addressed in path style; or empty
 * @param region empty to look it up as the AWS tools do
 * @param prefix before every key, ending in a slash; or empty
 */
public record S3StoreSettings(
    String bucket,
    String endpoint,
    String region,
    String prefix,
    int hashPrefixDepth,
    int maxConnections,
    int maxRequests,
    long connectTimeoutMillis,
    long idleTimeoutMillis,
    long responseTimeoutMillis,
    long keepAliveMillis,
    int maxRetries,
    long minBackoffMillis,
    long maxBackoffMillis,
    long abandonedUploadMillis,
    long logIntervalMillis,
    long probeAfterMillis) {
  private static final Pattern BUCKET = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{1,254}");

  public S3StoreSettings {
    require(
        bucket.isEmpty() || BUCKET.matcher(bucket).matches(),
        "bucket must be the name of a bucket (letters, digits, dots, hyphens), not '%s'",
        bucket);
    require(
        endpoint.isEmpty() || isHttpUrl(endpoint),
        "endpoint must be an http or https URL without a path, not '%s'",
        endpoint);
    require(
        hashPrefixDepth >= 0 && hashPrefixDepth <= 8,
        "hash-prefix-depth must be from 0 to 8, not %s",
        hashPrefixDepth);
    require(
        maxConnections > 0 && maxRequests >= maxConnections && Integer.bitCount(maxRequests) == 1,
        "max-requests must be a power of 2 and not below max-connections, not %s",
        maxRequests);
    require(
        minBackoffMillis > 0 && minBackoffMillis <= maxBackoffMillis,
        "min-backoff must be above 0 and not above max-backoff%s",
        "");
    prefix = directory(prefix);
  }

  public static S3StoreSettings from(Config block) {
    return new S3StoreSettings(
        block.getString("bucket"),
        block.getString("endpoint"),
        block.getString("region"),
        block.getString("prefix"),
        block.getInt("hash-prefix-depth"),
        block.getInt("max-connections"),
        block.getInt("max-requests"),
        block.getDuration("connect-timeout").toMillis(),
        block.getDuration("idle-timeout").toMillis(),
        block.getDuration("response-timeout").toMillis(),
        block.getDuration("keep-alive").toMillis(),
        block.getInt("max-retries"),
        block.getDuration("min-backoff").toMillis(),
        block.getDuration("max-backoff").toMillis(),
        block.getDuration("abandoned-upload").toMillis(),
        block.getDuration("log-interval").toMillis(),
        block.getDuration("probe-after").toMillis());
  }

  /** Whether chunks are to be kept in S3. */
  public boolean isWanted() {
    return !bucket.isEmpty();
  }

  /**
   * The connector takes its connections from the actor system's own pool of each host and cannot be
   * given another: these lines, laid over the configuration of that system, are the pool's
   * settings. Nothing else of a node uses those pools.
   */
  public Config pools() {
    String pool = "pekko.http.host-connection-pool.";
    return ConfigFactory.parseMap(
        Map.ofEntries(
            Map.entry(pool + "max-connections", maxConnections),
            Map.entry(pool + "max-open-requests", maxRequests),
            Map.entry(pool + "max-retries", 0),
            Map.entry(pool + "base-connection-backoff", minBackoffMillis + "ms"),
            Map.entry(pool + "max-connection-backoff", maxBackoffMillis + "ms"),
            Map.entry(pool + "keep-alive-timeout", keepAliveMillis + "ms"),
            Map.entry(pool + "response-entity-subscription-timeout", "10s"),
            Map.entry(pool + "client.connecting-timeout", connectTimeoutMillis + "ms"),
            Map.entry(pool + "client.idle-timeout", idleTimeoutMillis + "ms")));
  }

  private static String directory(String prefix) {
    String trimmed = prefix.startsWith("/") ? prefix.substring(1) : prefix;
    return trimmed.isEmpty() || trimmed.endsWith("/") ? trimmed : trimmed + "/";
  }

  private static boolean isHttpUrl(String text) {
    try {
      URI url = URI.create(text);
      String path = url.getRawPath();
      return ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
          && url.getHost() != null
          && url.getRawUserInfo() == null
          && url.getRawQuery() == null
          && (path == null || path.isEmpty() || path.equals("/"));
    } catch (IllegalArgumentException _) {
      return false;
    }
  }

  private static void require(boolean holds, String otherwise, Object value) {
    if (!holds) {
      throw new IllegalArgumentException("weir.store.s3." + otherwise.formatted(value));
    }
  }
}
