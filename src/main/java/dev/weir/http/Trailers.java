package dev.weir.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The trailer section of a message that is being passed on (RFC 9110 6.5): what is said of it
 * ahead, and what comes behind the body. It is never merged into the head and never stored.
 *
 * <p>Fields that a recipient must have before the body, or that would change what the message means
 * (framing, routing, conditions, credentials, caching, content format; RFC 9110 6.5.1), are dropped
 * wherever they stand.
 *
 * @param announced the value of the Trailer field to send ahead of the body; empty for none
 * @param arrived the fields to send; asked once, when the body has ended
 */
public record Trailers(String announced, Supplier<Headers> arrived) {
  public static final Trailers NONE = new Trailers("", () -> Headers.EMPTY);

  private static final Set<String> NEVER =
      Set.of(
          // framing and the connection
          "connection",
          "content-length",
          "keep-alive",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "http2-settings",
          // routing, and what proxies say of the way
          "host",
          "forwarded",
          "max-forwards",
          "via",
          "x-forwarded-for",
          "x-forwarded-host",
          "x-forwarded-proto",
          "x-real-ip",
          // what the request asks
          "expect",
          "if-match",
          "if-modified-since",
          "if-none-match",
          "if-range",
          "if-unmodified-since",
          "origin",
          "range",
          // credentials and state
          "authentication-info",
          "authorization",
          "cookie",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "set-cookie",
          "www-authenticate",
          // caching, and what directs the response
          "age",
          "cache-control",
          "cache-status",
          "cdn-cache-control",
          "clear-site-data",
          "date",
          "expires",
          "location",
          "pragma",
          "retry-after",
          "strict-transport-security",
          "vary",
          "warning",
          // the form of the content
          "accept-ranges",
          "content-disposition",
          "content-encoding",
          "content-language",
          "content-location",
          "content-range",
          "content-security-policy",
          "content-type");

  /**
   * Of a response: all fields for a client that said {@code TE: trailers}; for any other only those
   * that the head announced, which that client has been told of before the body. Nobody is sent
   * fields that were neither asked for nor announced.
   *
   * @param request the client's fields
   * @param response the origin's fields, Trailer included
   * @param section the origin's trailer section, empty until the body has ended
   */
  public static Trailers ofResponse(Headers request, Headers response, Supplier<Headers> section) {
    boolean asked = areAccepted(request);
    List<String> names = announcedIn(response);
    if (!asked && names.isEmpty()) {
      return NONE;
    }
    Predicate<String> wanted =
        name -> mayTrail(name) && (asked || names.contains(name.toLowerCase(Locale.ROOT)));
    return new Trailers(String.join(", ", names), () -> only(section.get(), wanted));
  }

  /** Of a request: an origin has no way to ask for them, so all are passed on. */
  public static Trailers ofRequest(Headers request, Supplier<Headers> section) {
    return new Trailers(
        String.join(", ", announcedIn(request)), () -> only(section.get(), Trailers::mayTrail));
  }

  /**
   * Whether a request's TE says that trailers are kept by everybody behind it (RFC 9110 10.1.4).
   */
  public static boolean areAccepted(Headers request) {
    String codings = request.combined("TE");
    return codings != null
        && FieldSyntax.members(codings, ',').stream()
            .anyMatch(coding -> "trailers".equalsIgnoreCase(coding.strip()));
  }

  private static boolean mayTrail(String name) {
    return !NEVER.contains(name.toLowerCase(Locale.ROOT));
  }

  /** What Trailer names and may be one, in lower case. */
  private static List<String> announcedIn(Headers fields) {
    String list = fields.combined("Trailer");
    if (list == null) {
      return List.of();
    }
    List<String> names = new ArrayList<>(2);
    for (String member : FieldSyntax.members(list, ',')) {
      String name = member.strip().toLowerCase(Locale.ROOT);
      if (FieldSyntax.isToken(name) && mayTrail(name)) {
        names.add(name);
      }
    }
    return names;
  }

  private static Headers only(Headers section, Predicate<String> wanted) {
    Headers.Builder kept = Headers.builder();
    section.forEach(
        (name, value) -> {
          if (wanted.test(name)) {
            kept.add(name, value);
          }
        });
    return kept.build();
  }
}
