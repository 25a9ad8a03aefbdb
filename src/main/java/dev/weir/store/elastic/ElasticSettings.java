package dev.weir.store.elastic;

import com.typesafe.config.Config;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where Elasticsearch is and how it is used, block {@code weir.store.elasticsearch}; every key and
 * the reason for its default is in {@code reference.conf}. Sizes are bytes, times milliseconds.
 */
public record ElasticSettings(
    URI url,
    String index,
    int shards,
    int replicas,
    Credentials credentials,
    Optional<Path> trustFile,
    Lane reads,
    Lane writes,
    Connections connections,
    Failures failures,
    Uses uses,
    Scan scan) {
  private static final Pattern INDEX = Pattern.compile("[a-z0-9][a-z0-9._-]{0,199}");

  public ElasticSettings {
    require(
        ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))
            && url.getHost() != null
            && url.getRawQuery() == null
            && url.getRawFragment() == null,
        "elasticsearch-url must be http://HOST:PORT or https://HOST:PORT");
    require(
        url.getRawUserInfo() == null,
        "elasticsearch-url must not hold a password: use elasticsearch-user and"
            + " elasticsearch-password");
    require(
        INDEX.matcher(index).matches(),
        "elasticsearch-meta-index must be lower-case letters, digits, '.', '_' or '-', and begin"
            + " with a letter or digit");
    require(shards >= 1 && shards <= 1024, "elasticsearch-shards must be from 1 to 1024");
    require(replicas >= 0 && replicas <= 100, "elasticsearch-replicas must be from 0 to 100");
    require(
        "https".equals(url.getScheme()) || trustFile.isEmpty(),
        "elasticsearch-ca needs an https:// elasticsearch-url");
  }

  /** Whether the block names a server at all. */
  public static boolean isConfigured(Config block) {
    return !block.getString("url").isBlank();
  }

  /** Reads the block; a bad value is an {@link IllegalArgumentException} of one sentence. */
  public static ElasticSettings from(Config block) {
    String trust = block.getString("ca").strip();
    return new ElasticSettings(
        url(block.getString("url").strip()),
        block.getString("index").strip(),
        block.getInt("shards"),
        block.getInt("replicas"),
        Credentials.from(block),
        trust.isEmpty() ? Optional.empty() : Optional.of(Path.of(trust)),
        Lane.from(block.getConfig("reads")),
        Lane.from(block.getConfig("writes")),
        Connections.from(block.getConfig("connections")),
        Failures.from(block.getConfig("failures")),
        Uses.from(block),
        Scan.from(block.getConfig("scan")));
  }

  /** The index of last uses, beside the one of documents. */
  String usesIndex() {
    return index + "_access";
  }

  /** The index of notes, beside the one of documents. */
  String notesIndex() {
    return index + "_notes";
  }

  private static URI url(String text) {
    try {
      return URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
    } catch (IllegalArgumentException malformed) {
      throw new IllegalArgumentException("elasticsearch-url is not a URL", malformed);
    }
  }

  /** Who we are to the servers. */
  public sealed interface Credentials {
    /** Nobody: the servers ask for nothing. */
    record None() implements Credentials {}

    record Basic(String user, String password) implements Credentials {
      @Override
      public String toString() {
        return "Basic[" + user + "]";
      }
    }

    /** Either {@code id:key} or the encoded form that the servers hand out. */
    record ApiKey(String key) implements Credentials {
      @Override
      public String toString() {
        return "ApiKey";
      }
    }

    private static Credentials from(Config block) {
      String user = block.getString("user").strip();
      String password = secret(block.getString("password"), "elasticsearch-password");
      String key = secret(block.getString("api-key"), "elasticsearch-api-key");
      require(
          key.isEmpty() || user.isEmpty(),
          "set either elasticsearch-api-key or elasticsearch-user, not both");
      require(
          user.isEmpty() == password.isEmpty(),
          "elasticsearch-user and elasticsearch-password belong together");
      if (!key.isEmpty()) {
        return new ApiKey(key);
      }
      return user.isEmpty() ? new None() : new Basic(user, password);
    }

    /** A secret, or the file it stands in: {@code file:/path}. */
    private static String secret(String text, String name) {
      if (!text.startsWith("file:")) {
        return text.strip();
      }
      try {
        return Files.readString(Path.of(text.substring("file:".length()))).strip();
      } catch (IOException e) {
        throw new IllegalArgumentException(name + ": cannot read the file it names", e);
      }
    }
  }

  /** The bounds of one direction. {@code batch} counts ids of reads and writes alike. */
  record Lane(
      long timeoutMillis,
      int batch,
      long batchBytes,
      int parallelism,
      int queue,
      long queueBytes,
      int connections) {
    Lane {
      require(
          timeoutMillis > 0 && batch > 0 && parallelism > 0 && queue > 0 && connections > 0,
          "store.elasticsearch: the bounds of reads and writes must be above 0");
    }

    static Lane from(Config config) {
      return new Lane(
          config.getDuration("timeout").toMillis(),
          config.getInt("batch"),
          config.getBytes("batch-bytes"),
          config.getInt("parallelism"),
          config.getInt("queue"),
          config.getBytes("queue-bytes"),
          config.getInt("connections"));
    }
  }

  record Connections(
      long connectTimeoutMillis, long idleTimeoutMillis, int maxOpenRequests, long maxResponse) {
    Connections {
      require(
          Integer.bitCount(maxOpenRequests) == 1,
          "store.elasticsearch.connections.max-open-requests must be a power of 2");
    }

    static Connections from(Config config) {
      return new Connections(
          config.getDuration("connect-timeout").toMillis(),
          config.getDuration("idle-timeout").toMillis(),
          config.getInt("max-open-requests"),
          config.getBytes("max-response-bytes"));
    }
  }

  record Failures(
      long backoffMillis,
      long maxBackoffMillis,
      int openAfter,
      long probeMillis,
      long logMillis,
      long healthTimeoutMillis,
      long setupTimeoutMillis) {
    static Failures from(Config config) {
      return new Failures(
          config.getDuration("backoff").toMillis(),
          config.getDuration("max-backoff").toMillis(),
          config.getInt("open-after"),
          config.getDuration("probe-interval").toMillis(),
          config.getDuration("log-interval").toMillis(),
          config.getDuration("health-timeout").toMillis(),
          config.getDuration("setup-timeout").toMillis());
    }
  }

  record Uses(long flushMillis, long intervalMillis, int pending, int batch) {
    Uses {
      require(flushMillis > 0, "elasticsearch-flush-interval must be above 0");
    }

    static Uses from(Config block) {
      return new Uses(
          block.getDuration("flush-interval").toMillis(),
          block.getDuration("uses.interval").toMillis(),
          block.getInt("uses.pending"),
          block.getInt("uses.batch"));
    }
  }

  record Scan(int page, long keepAliveMillis, long timeoutMillis) {
    static Scan from(Config config) {
      return new Scan(
          config.getInt("page"),
          config.getDuration("keep-alive").toMillis(),
          config.getDuration("timeout").toMillis());
    }
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException(sentence + ".");
    }
  }
}
