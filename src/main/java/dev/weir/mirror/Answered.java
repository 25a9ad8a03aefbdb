package dev.weir.mirror;

import dev.weir.edge.EdgeResponse;
import dev.weir.http.Headers;
import dev.weir.http.Reference;
import dev.weir.http.ResponseHead;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What of an origin's answer is for a client of the mirror. To the client the mirror is one server:
 * cookies, and promises about the host, would be taken for all origins behind it.
 */
final class Answered {
  private Answered() {}

  /** What lets pages of anywhere read an answer. */
  private static final List<String> READABLE =
      List.of("Access-Control-Allow-Origin", "Access-Control-Allow-Credentials");

  private static final Pattern ABSOLUTE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  static EdgeResponse of(EdgeResponse response, Asked asked, MirrorSettings settings) {
    if (!(response instanceof EdgeResponse.Full full)) {
      return response;
    }
    ResponseHead head = full.head();
    Headers.Builder fields = shown(head.headers(), settings.hiddenFields()).toBuilder();
    if (asked.mount() != null && asked.mount().isForItsClients()) {
      // The origin lets everybody read who has the credentials, and we add them.
      READABLE.forEach(fields::remove);
    }
    if (!settings.contentSecurityPolicy().isEmpty()) {
      fields.add("Content-Security-Policy", settings.contentSecurityPolicy());
    }
    String location = relayed(asked, head.headers().first("Location"));
    if (location != null) {
      fields.set("Location", location);
    }
    return new EdgeResponse.Full(
        head.withHeaders(fields.build()), full.entity(), full.closeAfter(), full.trailers());
  }

  /** Fields that speak for no more than this answer. */
  static Headers shown(Headers received, List<String> hidden) {
    Headers.Builder fields = received.toBuilder();
    hidden.forEach(fields::remove);
    return fields.build();
  }

  /**
   * A relative reference as the origin means it: to the client it would lead elsewhere below the
   * mirror. Null where it stays as it is.
   */
  private static @Nullable String relayed(Asked asked, @Nullable String location) {
    if (location == null) {
      return null;
    }
    try {
      if (ABSOLUTE.matcher(location.strip()).lookingAt()) {
        return null;
      }
      URI there = Reference.resolved(asked.origin().url(), location);
      String here = asked.origin().authority().text(asked.origin().scheme());
      String query = there.getRawQuery() == null ? "" : "?" + there.getRawQuery();
      String inside =
          here.equals(there.getRawAuthority()) ? asked.inside(there.getRawPath() + query) : null;
      return inside == null ? there.toString() : inside;
    } catch (URISyntaxException | IllegalArgumentException none) {
      return null;
    }
  }
}
