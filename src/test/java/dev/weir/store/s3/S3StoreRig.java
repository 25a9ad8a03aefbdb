package dev.weir.store.s3;

import com.typesafe.config.ConfigFactory;
import dev.weir.testing.S3Server;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.apache.pekko.actor.ActorSystem;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.regions.Region;

/** An S3 store of the tests: settings, system and credentials. */
public final class S3StoreRig {
  private S3StoreRig() {}

  /** The defaults for that bucket of that server, with some keys given another value. */
  public static S3StoreSettings settings(String endpoint, Map<String, ?> overrides) {
    return S3StoreSettings.from(
        ConfigFactory.parseMap(overrides)
            .withFallback(
                ConfigFactory.parseMap(
                    Map.of("bucket", "weir", "endpoint", endpoint, "region", "us-east-1")))
            .withFallback(
                ConfigFactory.parseResources("reference/store.conf")
                    .resolve()
                    .getConfig("weir.store.s3")));
  }

  public static ActorSystem system(S3StoreSettings settings) {
    return ActorSystem.create("s3-test", settings.pools().withFallback(ConfigFactory.load()));
  }

  public static S3ObjectStore store(S3StoreSettings settings, ActorSystem system) {
    return store(settings, system, S3Server.SECRET_KEY);
  }

  public static S3ObjectStore store(S3StoreSettings settings, ActorSystem system, String secret) {
    return new S3ObjectStore(settings, access(secret), system);
  }

  static S3Access access(String secret) {
    return new S3Access(
        StaticCredentialsProvider.create(AwsBasicCredentials.create(S3Server.ACCESS_KEY, secret)),
        Region.US_EAST_1);
  }

  /** A URL by which anybody may get that object within a minute. */
  public static String signed(URI object) {
    return new Presigner(Region.US_EAST_1.id(), Clock.systemUTC())
        .sign(
            SdkHttpMethod.GET,
            object,
            Map.of(),
            AwsBasicCredentials.create(S3Server.ACCESS_KEY, S3Server.SECRET_KEY),
            Duration.ofMinutes(1));
  }
}
