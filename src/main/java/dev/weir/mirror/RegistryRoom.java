package dev.weir.mirror;

import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Mount;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/**
 * What is below {@code /v2/} and no mount's: the question of registries' clients whether there is a
 * registry at all, which is answered with yes, and names that no mount leads to, which are unknown
 * in the words of those clients (OCI distribution, error codes).
 */
public final class RegistryRoom implements ExchangeHandler {
  /** The first segment of the paths it answers. */
  public static final String NAME = "v2";

  private static final byte[] UNKNOWN =
      "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"no mount of this mirror leads there\"}]}\n"
          .getBytes(StandardCharsets.UTF_8);

  private final Materializer materializer;

  /**
   * @param materializer bodies of requests, which have none, are let go with it
   */
  public RegistryRoom(Materializer materializer) {
    this.materializer = materializer;
  }

  /** Whether a mount is where clients of registries look for one. */
  static boolean holds(Mount mount) {
    return mount.path().startsWith("/" + NAME + "/");
  }

  /** The answer to the question itself. */
  static ResponseHead here() {
    return new ResponseHead(
        200, "OK", Headers.of("Docker-Distribution-API-Version", "registry/2.0"));
  }

  @Override
  public CompletionStage<EdgeResponse> handle(EdgeRequest request) {
    boolean bodiless = request.entity().isKnownEmpty();
    if (!bodiless) {
      request.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
    }
    String target = request.head().target();
    boolean asks = target.equals("/v2/") || target.equals("/v2");
    boolean head = request.head().isHead();
    ResponseHead unknown =
        new ResponseHead(404, "Not Found", Headers.of("Content-Type", "application/json"));
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(
            asks ? here() : unknown,
            asks || head
                ? HttpEntities.EMPTY
                : HttpEntities.create(
                    ContentTypes.NO_CONTENT_TYPE, ByteString.fromArrayUnsafe(UNKNOWN)),
            !bodiless));
  }
}
