package dev.weir.exchange;

import dev.weir.entry.Entry;
import dev.weir.http.CacheControl;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether a fresh hit may be answered by sending the client to the object store. Whoever has that
 * URL can read the body for a while, and what the client gets has the object's own fields: so only
 * what is for everybody, and only where nothing of the answer would be lost or mean another thing.
 */
final class Redirecting {
  /** What the object's answer can be made to say (the {@code response-*} parameters of S3). */
  private static final List<String> CARRIED =
      List.of("content-type", "content-disposition", "content-encoding", "cache-control");

  /** Fields of a request that the redirected one would mean for another object, or give away. */
  private static final List<String> PERSONAL_OR_CONDITIONAL =
      List.of(
          "Authorization",
          "Cookie",
          "Range",
          "If-Match",
          "If-None-Match",
          "If-Modified-Since",
          "If-Unmodified-Since",
          "If-Range");

  /** Fields of a response that a client needs and the object's answer would lack. */
  private static final List<String> LOST = List.of("Set-Cookie", "Content-Range", "Trailer");

  private static final int MAX_CARRIED_CHARS = 512;

  private Redirecting() {}

  /** What to do with the hit. */
  sealed interface Decision {
    /** Redirect, if the object is there; its answer is to have these fields. */
    record Redirect(Map<String, String> fields) implements Decision {
      public Redirect {
        fields = Map.copyOf(fields);
      }
    }

    /** Send the body from here. */
    record Stream(String why) implements Decision {}
  }

  static Decision decide(
      RequestHead request, Entry entry, boolean isWanted, RedirectSettings settings) {
    Headers stored = entry.response().headers();
    if (!isWanted) {
      return new Decision.Stream("off");
    }
    if (entry.response().status() != 200
        || !entry.complete()
        || entry.body().length() < settings.minBytes()) {
      return new Decision.Stream("not whole, or small");
    }
    if (PERSONAL_OR_CONDITIONAL.stream().anyMatch(request.headers()::has)) {
      return new Decision.Stream("request");
    }
    if (LOST.stream().anyMatch(stored::has) || saysPrivate(stored)) {
      return new Decision.Stream("response");
    }
    String agent = request.headers().first("User-Agent");
    if (agent != null && settings.excludedUserAgents().stream().anyMatch(agent::startsWith)) {
      return new Decision.Stream("user-agent");
    }
    return carried(stored);
  }

  /** In whole or for some fields: the object's answer would not tell them apart. */
  private static boolean saysPrivate(Headers stored) {
    CacheControl control = CacheControl.of(stored);
    return control.isPrivate() || !control.privateFields().isEmpty();
  }

  private static Decision carried(Headers stored) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String name : CARRIED) {
      String value = stored.combined(name);
      if (value == null || value.isBlank()) {
        continue;
      }
      if (value.length() > MAX_CARRIED_CHARS || !value.chars().allMatch(c -> c >= 32 && c < 127)) {
        return new Decision.Stream("field"); // no parameter carries it unchanged
      }
      fields.put(name, value);
    }
    return new Decision.Redirect(fields);
  }
}
