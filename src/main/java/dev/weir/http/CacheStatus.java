package dev.weir.http;

import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What this cache says of how an answer came about (RFC 9211), rendered as one member of the
 * Cache-Status field: {@code weir;fwd=stale;fwd-status=304;stored;ttl=60;detail=revalidated}.
 *
 * @param forwarded why the request went to the origin, or null if it did not
 * @param forwardedStatus the status the origin answered with
 * @param stored whether the answer is (being) stored
 * @param collapsed whether the request went along with another one's
 * @param ttlSeconds what is left of the freshness lifetime; negative when stale
 * @param detail one more word, this cache's own
 */
public record CacheStatus(
    boolean hit,
    @Nullable Forward forwarded,
    OptionalInt forwardedStatus,
    boolean stored,
    boolean collapsed,
    OptionalLong ttlSeconds,
    @Nullable String key,
    @Nullable String detail) {

  /** This cache's name in the field. */
  public static final String CACHE = "weir";

  /** RFC 9211 2.2. */
  public enum Forward {
    BYPASS("bypass"),
    METHOD("method"),
    URI_MISS("uri-miss"),
    VARY_MISS("vary-miss"),
    MISS("miss"),
    REQUEST("request"),
    STALE("stale"),
    PARTIAL("partial");

    private final String word;

    Forward(String word) {
      this.word = word;
    }

    public String word() {
      return word;
    }
  }

  /** Served from what is stored, without the origin. */
  public static CacheStatus ofHit() {
    return new CacheStatus(
        true, null, OptionalInt.empty(), false, false, OptionalLong.empty(), null, null);
  }

  /** The origin was asked. */
  public static CacheStatus ofForward(Forward reason) {
    return new CacheStatus(
        false, reason, OptionalInt.empty(), false, false, OptionalLong.empty(), null, null);
  }

  /** Made by this cache itself: nothing stored was served and nobody was asked. */
  public static CacheStatus ofOwn() {
    return new CacheStatus(
        false, null, OptionalInt.empty(), false, false, OptionalLong.empty(), null, null);
  }

  public CacheStatus withForwardedStatus(int status) {
    return new CacheStatus(
        hit, forwarded, OptionalInt.of(status), stored, collapsed, ttlSeconds, key, detail);
  }

  public CacheStatus withStored(boolean isStored) {
    return new CacheStatus(
        hit, forwarded, forwardedStatus, isStored, collapsed, ttlSeconds, key, detail);
  }

  public CacheStatus withCollapsed(boolean isCollapsed) {
    return new CacheStatus(
        hit, forwarded, forwardedStatus, stored, isCollapsed, ttlSeconds, key, detail);
  }

  /** Rounds down, so that what is stale by half a second says -1. */
  public CacheStatus withTtlMillis(long ttlMillis) {
    OptionalLong seconds = OptionalLong.of(Math.floorDiv(ttlMillis, 1000L));
    return new CacheStatus(
        hit, forwarded, forwardedStatus, stored, collapsed, seconds, key, detail);
  }

  public CacheStatus withKey(String cacheKey) {
    return new CacheStatus(
        hit, forwarded, forwardedStatus, stored, collapsed, ttlSeconds, cacheKey, detail);
  }

  public CacheStatus withDetail(String word) {
    return new CacheStatus(
        hit, forwarded, forwardedStatus, stored, collapsed, ttlSeconds, key, word);
  }

  /** The member as it stands in the field. */
  public String text() {
    StringBuilder text = new StringBuilder(64).append(CACHE);
    if (hit) {
      text.append(";hit");
    }
    if (forwarded != null) {
      text.append(";fwd=").append(forwarded.word());
    }
    forwardedStatus.ifPresent(status -> text.append(";fwd-status=").append(status));
    if (stored) {
      text.append(";stored");
    }
    if (collapsed) {
      text.append(";collapsed");
    }
    ttlSeconds.ifPresent(ttl -> text.append(";ttl=").append(ttl));
    parameter(text, "key", key);
    parameter(text, "detail", detail);
    return text.toString();
  }

  /** The fields with this member after those of the caches nearer to the origin. */
  public Headers appendTo(Headers headers) {
    String nearer = headers.combined("Cache-Status");
    return headers.with(
        "Cache-Status", nearer == null || nearer.isBlank() ? text() : nearer + ", " + text());
  }

  /** A structured field's token where it is one, else a string (RFC 8941 3.3). */
  private static void parameter(StringBuilder text, String name, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      return;
    }
    text.append(';').append(name).append('=');
    if (Character.isLetter(value.charAt(0)) && FieldSyntax.isToken(value)) {
      text.append(value);
      return;
    }
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\');
      }
      text.append(c < ' ' || c > '~' ? '?' : c);
    }
    text.append('"');
  }
}
