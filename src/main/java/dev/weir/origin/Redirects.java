package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.Reference;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where redirects lead, of one request that follows them here; RFC 9110 15.4. Only GET and HEAD are
 * sent on, never from https to http, and what is for one host alone stays with it.
 */
final class Redirects {
  private final Set<String> seen = new HashSet<>(); // the first, and one for each step
  private final OriginTerms.Manner manner;
  private int left;

  Redirects(OriginRequest first) {
    manner = first.terms().manner();
    left = first.body() == null ? first.terms().redirects() : 0;
    seen.add(first.head().url());
  }

  /** What a response is to the request it answers. */
  sealed interface Step {
    /** The answer, a redirect that is not followed among them. */
    record Answer() implements Step {}

    /** To be asked instead. */
    record On(OriginRequest request) implements Step {}

    /** It leads in a circle, or where it must not be followed and is no answer either. */
    record Astray(OriginFailure failure) implements Step {}
  }

  private static final Step ANSWER = new Step.Answer();

  Step step(OriginRequest sent, ResponseHead answer) {
    if (!isRedirect(answer.status())) {
      return ANSWER;
    }
    if (left == 0) {
      return unfollowed("The origin redirects more often than is followed.");
    }
    RequestHead next = next(sent.head(), answer.headers().first("Location"));
    if (next == null) {
      return unfollowed("The origin redirects to what is no URL, or from https to http.");
    }
    left--;
    if (!seen.add(next.url())) {
      return astray("The origin redirects in a circle.");
    }
    return new Step.On(
        new OriginRequest(
            next,
            null,
            sent.bodyLength(),
            sent.timeouts(),
            sent.interim(),
            sent.trailers(),
            isSameOrigin(sent.head(), next) ? sent.terms() : sent.terms().forStrangers()));
  }

  /** Whether any has been followed. */
  boolean haveLed() {
    return seen.size() > 1;
  }

  private static boolean isSameOrigin(RequestHead one, RequestHead other) {
    return one.scheme().equals(other.scheme()) && one.authority().equals(other.authority());
  }

  private Step unfollowed(String why) {
    return manner.relaysRedirects() ? ANSWER : astray(why);
  }

  private static Step astray(String why) {
    return new Step.Astray(new OriginFailure(OriginFailure.Kind.BAD_RESPONSE, why, null));
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  /** Null for what is no http URL, or must not be followed. */
  private @Nullable RequestHead next(RequestHead sent, @Nullable String location) {
    boolean safe = sent.isGet() || sent.isHead();
    if (!safe || location == null) {
      return null;
    }
    try {
      URI target = Reference.resolved(sent.url(), location);
      String scheme = target.getScheme();
      String host = target.getHost();
      boolean http = "http".equals(scheme) && !"https".equals(sent.scheme());
      if (host == null || target.getRawUserInfo() != null || !(http || "https".equals(scheme))) {
        return null;
      }
      int port = target.getPort() < 0 ? Authority.defaultPort(scheme) : target.getPort();
      Authority authority =
          new Authority(host.startsWith("[") ? host.substring(1, host.length() - 1) : host, port);
      String path = target.getRawPath();
      String query = target.getRawQuery() == null ? "" : "?" + target.getRawQuery();
      boolean same = scheme.equals(sent.scheme()) && authority.equals(sent.authority());
      return new RequestHead(
          sent.method(),
          scheme,
          authority,
          (path == null || path.isEmpty() ? "/" : path) + query,
          same ? sent.headers() : forStrangers(sent.headers()));
    } catch (URISyntaxException | IllegalArgumentException e) {
      return null;
    }
  }

  /** Credentials of one host are nobody else's business. */
  private Headers forStrangers(Headers fields) {
    Headers.Builder others =
        fields.toBuilder()
            .remove("Authorization")
            .remove("Cookie")
            .remove("Proxy-Authorization")
            .remove("Host");
    manner.ownFields().forEach(others::remove);
    return others.build();
  }
}
