package dev.weir.store.s3;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.stream.connectors.s3.MultipartUploadResult;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.scaladsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.Map$;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.FutureConverters;

/**
 * An upload in parts, one at a time. Only the connector's Scala side lets the parallelism be
 * chosen, and each part under way is kept in the heap.
 */
final class PartedUpload {
  private PartedUpload() {}

  /**
   * Takes the object's bytes.
   *
   * @param fields what the object is to say of itself, {@code content-type} among it
   */
  static Sink<ByteString, CompletionStage<MultipartUploadResult>> to(
      String bucket, String key, Map<String, String> fields) {
    Map<String, String> told = new TreeMap<>(fields);
    ContentType type = type(told.remove("content-type"));
    Sink<ByteString, Future<MultipartUploadResult>> sink =
        S3.multipartUploadWithHeaders(
                bucket,
                key,
                (org.apache.pekko.http.scaladsl.model.ContentType) type,
                WholeSettings.PART_BYTES,
                1,
                S3Headers.create()
                    .withCustomHeaders(Map$.MODULE$.from(CollectionConverters.asScala(told))))
            .asJava();
    return sink.mapMaterializedValue(FutureConverters::asJava);
  }

  private static ContentType type(@Nullable String text) {
    ContentType known = text == null ? null : ContentTypes.parse(text);
    return known == null ? ContentTypes.APPLICATION_OCTET_STREAM : known;
  }
}
