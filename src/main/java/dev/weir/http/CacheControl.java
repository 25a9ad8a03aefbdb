package dev.weir.http;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cache directives of a response (RFC 9111 5.2.2, RFC 5861, RFC 8246). Durations are seconds,
 * {@link #ABSENT} where the directive is missing.
 *
 * <p>Reading is tolerant in form and strict in meaning: several field lines count as one list,
 * names know no case, values may be quoted, of two equal directives the first counts (RFC 9111
 * 4.2.1). A {@code max-age} or {@code s-maxage} that is no number is 0, so the response is stale; a
 * stale window that is no number does not exist. Behind a quote that stands where none may, as one
 * that never closes, only what restricts counts, and most of it as {@code no-cache}.
 *
 * @param noCacheFields the field names of {@code no-cache="…"}, lower case; then {@code noCache} is
 *     false
 * @param privateFields the field names of {@code private="…"}, lower case; then {@code isPrivate}
 *     is false
 */
public record CacheControl(
    boolean noStore,
    boolean noCache,
    Set<String> noCacheFields,
    boolean isPrivate,
    Set<String> privateFields,
    boolean isPublic,
    boolean mustRevalidate,
    boolean proxyRevalidate,
    boolean mustUnderstand,
    boolean noTransform,
    boolean immutable,
    long maxAgeSeconds,
    long sharedMaxAgeSeconds,
    long staleWhileRevalidateSeconds,
    long staleIfErrorSeconds) {

  /** Stands for a duration that was not given. */
  public static final long ABSENT = -1;

  /** A response without any directive. */
  public static final CacheControl NONE = new Reading().build();

  /** The directives in the {@code Cache-Control} lines of a response. */
  public static CacheControl of(Headers response) {
    String list = response.combined("Cache-Control");
    return list == null ? NONE : parse(list);
  }

  /**
   * The directives that count for a cache that is a target of those fields (RFC 9213): those of
   * {@link TargetedCacheControl} if one applies, else those of {@code Cache-Control}.
   */
  public static CacheControl of(Headers response, List<String> targets) {
    CacheControl targeted = TargetedCacheControl.of(response, targets);
    return targeted == null ? of(response) : targeted;
  }

  /** The directives of one field value. */
  public static CacheControl parse(String list) {
    Reading reading = new Reading();
    FieldSyntax.directives(list, reading);
    return reading.build();
  }

  /**
   * Whether a stale copy must not be used without validation (RFC 9111 4.2.4): by {@code
   * must-revalidate}, {@code proxy-revalidate}, {@code s-maxage} (5.2.2.10) or {@code no-cache}.
   */
  public boolean forbidsStale() {
    return mustRevalidate || proxyRevalidate || noCache || sharedMaxAgeSeconds != ABSENT;
  }

  /** Collects directives while a field is read. */
  private static final class Reading implements FieldSyntax.DirectiveConsumer {
    private boolean noStore;
    private boolean noCache;
    private boolean isPrivate;
    private boolean isPublic;
    private boolean mustRevalidate;
    private boolean proxyRevalidate;
    private boolean mustUnderstand;
    private boolean noTransform;
    private boolean immutable;
    private long maxAge = ABSENT;
    private long sharedMaxAge = ABSENT;
    private long staleWhileRevalidate = ABSENT;
    private long staleIfError = ABSENT;
    private Set<String> noCacheFields = Set.of();
    private Set<String> privateFields = Set.of();

    @Override
    public void accept(String name, @Nullable String value) {
      switch (name) {
        case "no-store" -> noStore = true;
        case "public" -> isPublic = true;
        case "must-revalidate" -> mustRevalidate = true;
        case "proxy-revalidate" -> proxyRevalidate = true;
        case "must-understand" -> mustUnderstand = true;
        case "no-transform" -> noTransform = true;
        case "immutable" -> immutable = true;
        case "no-cache" -> {
          Set<String> names = fieldNames(value, noCacheFields);
          noCache |= names.isEmpty();
          noCacheFields = names.isEmpty() ? noCacheFields : names;
        }
        case "private" -> {
          Set<String> names = fieldNames(value, privateFields);
          isPrivate |= names.isEmpty();
          privateFields = names.isEmpty() ? privateFields : names;
        }
        case "max-age" -> maxAge = maxAge == ABSENT ? seconds(value, 0) : maxAge;
        case "s-maxage" -> sharedMaxAge = sharedMaxAge == ABSENT ? seconds(value, 0) : sharedMaxAge;
        case "stale-while-revalidate" ->
            staleWhileRevalidate =
                staleWhileRevalidate == ABSENT ? seconds(value, ABSENT) : staleWhileRevalidate;
        case "stale-if-error" ->
            staleIfError = staleIfError == ABSENT ? seconds(value, ABSENT) : staleIfError;
        default -> {
          // An extension nobody here knows is ignored (RFC 9111 5.2.3).
        }
      }
    }

    @Override
    public void doubtful(String name) {
      switch (name) {
        case "no-store", "must-understand" -> noStore = true;
        case "private" -> isPrivate = true;
        case "no-transform" -> noTransform = true;
        // A lifetime may be shorter than what is guessed without it.
        case "no-cache", "must-revalidate", "proxy-revalidate", "max-age", "s-maxage" ->
            noCache = true;
        default -> {
          // What would allow more is not believed.
        }
      }
    }

    private static long seconds(@Nullable String value, long invalid) {
      return FieldSyntax.seconds(value, invalid);
    }

    /** The names of a qualified form and those before; empty if this one is not qualified. */
    private static Set<String> fieldNames(@Nullable String value, Set<String> before) {
      List<String> names = value == null ? List.of() : FieldSyntax.members(value, ',');
      if (names.isEmpty()) {
        return Set.of();
      }
      Set<String> all = new LinkedHashSet<>(before);
      names.forEach(name -> all.add(name.toLowerCase(Locale.ROOT)));
      return all;
    }

    CacheControl build() {
      return new CacheControl(
          noStore,
          noCache,
          Set.copyOf(noCacheFields),
          isPrivate,
          Set.copyOf(privateFields),
          isPublic,
          mustRevalidate,
          proxyRevalidate,
          mustUnderstand,
          noTransform,
          immutable,
          maxAge,
          sharedMaxAge,
          staleWhileRevalidate,
          staleIfError);
    }
  }
}
