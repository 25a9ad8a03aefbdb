package dev.weir.store.s3;

import dev.weir.store.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.LastModified;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.connectors.s3.S3Attributes;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/**
 * Objects of a bucket that others have filled, by their keys; only read. Errors: {@link
 * StoreException} of the kind UNAVAILABLE, which a refused request is too.
 */
public final class ForeignObjects {
  private static final int ERROR_BYTES = 4096;

  private final S3StoreSettings settings;
  private final Materializer materializer;
  private final Attributes attributes;

  /**
   * The bucket that the settings name; nothing is asked of it yet.
   *
   * @param system runs the streams; its configuration must contain {@link S3StoreSettings#pools}
   */
  public ForeignObjects(S3StoreSettings settings, S3Access access, ActorSystem system) {
    this.settings = settings;
    this.materializer = SystemMaterializer.get(system).materializer();
    this.attributes = S3Attributes.settings(access.connection(settings, system));
  }

  /**
   * An object under way.
   *
   * @param lengthBytes as announced
   * @param modified when it was put
   * @param bytes to be materialised once, or the connection stays taken
   */
  public record Opened(long lengthBytes, Instant modified, Source<ByteString, NotUsed> bytes) {}

  /** Empty if there is no such object. The key is as it stands in the bucket. */
  public CompletionStage<Optional<Opened>> open(String key) {
    return S3.request(settings.bucket(), key, HttpMethods.GET, S3Headers.create())
        .withAttributes(attributes)
        .initialTimeout(Duration.ofMillis(settings.responseTimeoutMillis()))
        .runWith(Sink.head(), materializer)
        .thenCompose(this::opened);
  }

  private CompletionStage<Optional<Opened>> opened(HttpResponse response) {
    int status = response.status().intValue();
    if (status == 200) {
      Source<ByteString, NotUsed> bytes =
          response
              .entity()
              .withoutSizeLimit()
              .getDataBytes()
              .idleTimeout(Duration.ofMillis(settings.idleTimeoutMillis()))
              .mapMaterializedValue(_ -> NotUsed.getInstance());
      Instant modified =
          response
              .getHeader(LastModified.class)
              .map(at -> Instant.ofEpochMilli(at.date().clicks()))
              .orElse(Instant.MAX);
      long length = response.entity().getContentLengthOption().orElse(-1);
      return CompletableFuture.completedStage(Optional.of(new Opened(length, modified, bytes)));
    }
    return response
        .entity()
        .withSizeLimit(ERROR_BYTES)
        .toStrict(settings.responseTimeoutMillis(), materializer)
        .thenApply(
            body -> {
              String text = body.getData().utf8String();
              if (status == 404 && !text.contains("NoSuchBucket")) {
                return Optional.empty();
              }
              throw new StoreException(
                  StoreException.Kind.UNAVAILABLE,
                  "S3 bucket " + settings.bucket() + " answers " + status + ".");
            });
  }
}
