package dev.weir.origin;

import dev.weir.http.EntityTag;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.jspecify.annotations.Nullable;

/**
 * The question whether a tag of a container registry still is what it was: a HEAD, whose answer
 * names the manifest's digest. Public registries count what is got, conditionally or not, against
 * their clients' pulls, and not what is only looked at. Where the digest is another one, or nothing
 * of use is said, the manifest is got.
 */
final class RegistryTags {
  private static final Pattern DIGEST = Pattern.compile("\"sha(?:256|512):[0-9a-f]{64,128}\"");

  private RegistryTags() {}

  /**
   * Sends a request for a manifest by tag.
   *
   * @param send sends a request once
   */
  static CompletionStage<OriginResponse> fetch(
      OriginRequest request,
      Function<OriginRequest, CompletionStage<OriginResponse>> send,
      Materializer materializer) {
    String known = known(request.head());
    if (known == null) {
      return send.apply(request);
    }
    return send.apply(look(request))
        .thenCompose(
            answer -> {
              if (isStill(answer.head(), known)) {
                return CompletableFuture.completedStage(notModified(answer, known));
              }
              answer.body().runWith(Sink.ignore(), materializer); // none, but it has to end
              return send.apply(request);
            });
  }

  /** The strong entity tag to be validated, if it is the manifest's digest, as registries' are. */
  private static @Nullable String known(RequestHead head) {
    String condition = head.isGet() ? head.headers().combined("If-None-Match") : null;
    List<EntityTag> tags = condition == null ? List.of() : EntityTag.parseList(condition);
    EntityTag only = tags.size() == 1 ? tags.getFirst() : null;
    return only != null && !only.weak() && DIGEST.matcher(only.opaque()).matches()
        ? only.opaque()
        : null;
  }

  private static OriginRequest look(OriginRequest request) {
    RequestHead asked = request.head();
    Headers fields = asked.headers().without("If-None-Match").without("If-Modified-Since");
    RequestHead head =
        new RequestHead("HEAD", asked.scheme(), asked.authority(), asked.target(), fields);
    return OriginRequest.of(head, request.timeouts()).on(request.terms());
  }

  private static boolean isStill(ResponseHead head, String known) {
    String digest = head.headers().first("Docker-Content-Digest");
    return head.status() == 200 && digest != null && known.equals("\"" + digest.strip() + "\"");
  }

  private static OriginResponse notModified(OriginResponse answer, String known) {
    Headers fields = answer.head().headers().without("Content-Length").without("Transfer-Encoding");
    return new OriginResponse(
        new ResponseHead(304, "Not Modified", fields.with("ETag", known)),
        answer.body(),
        OptionalLong.of(0),
        false,
        answer.trailers());
  }
}
