package dev.weir.http;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Conditional requests (RFC 9110 13, RFC 9111 4.3): what a client's preconditions come to against a
 * stored response, and the conditions with which a stored response is validated.
 */
public final class Conditional {
  private Conditional() {}

  /** What the preconditions of a request come to. */
  public enum Outcome {
    /** Answer with the stored response. */
    PROCEED,
    /** 304. */
    NOT_MODIFIED,
    /** 412. */
    PRECONDITION_FAILED
  }

  /** Fields that a leading request must not carry: its answer is for everybody. */
  private static final List<String> OF_ONE_CLIENT =
      List.of(
          "If-Match",
          "If-None-Match",
          "If-Modified-Since",
          "If-Unmodified-Since",
          "If-Range",
          "Range",
          "Expect");

  /** What a 304 says of the stored response (RFC 9110 15.4.5); the rest is the client's already. */
  private static final Set<String> IN_NOT_MODIFIED =
      Set.of(
          "cache-control",
          "content-location",
          "date",
          "etag",
          "expires",
          "vary",
          "last-modified",
          "age",
          "via",
          "set-cookie",
          "cache-status",
          "link");

  /** Evaluates in the order of RFC 9110 13.2.2; only a 2xx response is subject to them (13.2.1). */
  public static Outcome evaluate(RequestHead request, StoredResponse stored) {
    if (stored.status() < 200 || stored.status() > 299) {
      return Outcome.PROCEED;
    }
    Headers asked = request.headers();
    if (!ifMatchHolds(asked, stored)) {
      return Outcome.PRECONDITION_FAILED;
    }
    String noneMatch = asked.combined("If-None-Match");
    boolean safe = request.isGet() || request.isHead();
    if (noneMatch != null) {
      if (!listed(noneMatch, stored, true)) {
        return Outcome.PROCEED;
      }
      return safe ? Outcome.NOT_MODIFIED : Outcome.PRECONDITION_FAILED;
    }
    return safe && notModifiedSince(asked, stored) ? Outcome.NOT_MODIFIED : Outcome.PROCEED;
  }

  /** Whether a request has any precondition a cache evaluates. */
  public static boolean isConditional(Headers request) {
    return request.has("If-None-Match")
        || request.has("If-Modified-Since")
        || request.has("If-Match")
        || request.has("If-Unmodified-Since");
  }

  /** The fields of a 304 that answers from a stored response. */
  public static Headers notModifiedFields(Headers stored) {
    Headers.Builder fields = Headers.builder();
    stored.forEach(
        (name, value) -> {
          if (IN_NOT_MODIFIED.contains(name.toLowerCase(Locale.ROOT))) {
            fields.add(name, value);
          }
        });
    return fields.build();
  }

  /**
   * A request's fields for a fetch that is for everybody: no Range, no preconditions, no Expect.
   */
  public static Headers unconditional(Headers request) {
    Headers.Builder fields = request.toBuilder();
    OF_ONE_CLIENT.forEach(fields::remove);
    return fields.build();
  }

  /**
   * A request's fields for validating a stored response: its validators as they were received, in
   * place of the client's own conditions. Without validators this is {@link #unconditional}.
   */
  public static Headers validating(Headers request, FreshnessInfo stored) {
    Headers.Builder fields = unconditional(request).toBuilder();
    if (stored.entityTag() != null) {
      fields.set("If-None-Match", stored.entityTag());
    }
    if (stored.lastModified() != null) {
      fields.set("If-Modified-Since", stored.lastModified());
    }
    return fields.build();
  }

  private static boolean ifMatchHolds(Headers asked, StoredResponse stored) {
    String match = asked.combined("If-Match");
    if (match != null) {
      return listed(match, stored, false);
    }
    List<String> dates = asked.all("If-Unmodified-Since");
    if (dates.size() != 1) {
      return true;
    }
    OptionalLong since = HttpDates.parse(dates.get(0));
    OptionalLong modified = HttpDates.parse(stored.headers().first("Last-Modified"));
    return since.isEmpty() || modified.isEmpty() || modified.getAsLong() <= since.getAsLong();
  }

  private static boolean listed(String list, StoredResponse stored, boolean weakly) {
    if ("*".equals(list.strip())) {
      return true;
    }
    EntityTag tag = EntityTag.parse(stored.headers().first("ETag"));
    if (tag == null) {
      return false;
    }
    for (EntityTag candidate : EntityTag.parseList(list)) {
      if (weakly ? candidate.weakEquals(tag) : candidate.strongEquals(tag)) {
        return true;
      }
    }
    return false;
  }

  /** Without Last-Modified the Date stands in, without that the time of receipt (9111 4.3.2). */
  private static boolean notModifiedSince(Headers asked, StoredResponse stored) {
    List<String> dates = asked.all("If-Modified-Since");
    if (dates.size() != 1) {
      return false;
    }
    OptionalLong since = HttpDates.parse(dates.get(0));
    if (since.isEmpty()) {
      return false;
    }
    OptionalLong modified = HttpDates.parse(stored.headers().first("Last-Modified"));
    if (modified.isEmpty()) {
      modified = HttpDates.parse(stored.headers().first("Date"));
    }
    return modified.orElse(stored.responseTimeMillis()) <= since.getAsLong();
  }
}
