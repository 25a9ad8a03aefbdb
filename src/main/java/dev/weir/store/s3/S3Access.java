package dev.weir.store.s3;

import java.time.Duration;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.connectors.s3.AccessStyle;
import org.apache.pekko.stream.connectors.s3.ApiVersion;
import org.apache.pekko.stream.connectors.s3.RetrySettings;
import org.apache.pekko.stream.connectors.s3.S3Settings;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/**
 * Who asks S3, and of which region: as the AWS tools find it out, from environment, profile, web
 * identity, container or instance.
 */
public record S3Access(AwsCredentialsProvider credentials, Region region) {
  /** What servers other than AWS expect if nobody says otherwise. */
  private static final Region USUAL = Region.US_EAST_1;

  /**
   * Looks both up; blocks, for seconds if a metadata service has to be asked. Credentials are
   * renewed beside normal work, so that no request waits for it; that there are none yet is no
   * failure here but of the requests.
   *
   * @throws IllegalArgumentException if no region is known, in one sentence
   */
  public static S3Access standard(S3StoreSettings settings) {
    DefaultCredentialsProvider credentials =
        DefaultCredentialsProvider.builder().asyncCredentialUpdateEnabled(true).build();
    try {
      var _ = credentials.resolveCredentials();
    } catch (SdkException _) {
      // Each request says so; they may appear later.
    }
    return new S3Access(credentials, region(settings));
  }

  private static Region region(S3StoreSettings settings) {
    if (!settings.region().isEmpty()) {
      return Region.of(settings.region());
    }
    try {
      return DefaultAwsRegionProviderChain.builder().build().getRegion();
    } catch (SdkException _) {
      if (!settings.endpoint().isEmpty()) {
        return USUAL;
      }
      throw new IllegalArgumentException(
          "no AWS region is known for bucket " + settings.bucket() + "; give one with --s3-region");
    }
  }

  /** The connector's settings. A bucket with a dot fits no certificate as a host name. */
  S3Settings connection(S3StoreSettings settings, ActorSystem system) {
    S3Settings connection =
        S3Settings.create(system)
            .withCredentialsProvider(credentials)
            .withS3RegionProvider(() -> region)
            .withListBucketApiVersion(ApiVersion.getListBucketVersion2())
            .withAccessStyle(
                byPath(settings)
                    ? AccessStyle.pathAccessStyle()
                    : AccessStyle.virtualHostAccessStyle())
            .withRetrySettings(
                RetrySettings.create(
                    settings.maxRetries(),
                    Duration.ofMillis(settings.minBackoffMillis()),
                    Duration.ofMillis(settings.maxBackoffMillis()),
                    0.2));
    return settings.endpoint().isEmpty()
        ? connection
        : connection.withEndpointUrl(withoutSlash(settings.endpoint()));
  }

  /** Whether the bucket stands in the path, not in the host. */
  boolean byPath(S3StoreSettings settings) {
    return !settings.endpoint().isEmpty() || settings.bucket().contains(".");
  }

  static String withoutSlash(String url) {
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }
}
