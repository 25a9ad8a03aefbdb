package dev.weir.http;

import org.jspecify.annotations.Nullable;

/**
 * The cache directives of a request (RFC 9111 5.2.1, RFC 5861 4). Durations are seconds, {@link
 * CacheControl#ABSENT} where missing; a {@code max-stale} without a value is {@link
 * #ANY_STALENESS}. {@code Pragma: no-cache} counts only where there is no {@code Cache-Control}
 * (RFC 9111 5.4).
 */
public record RequestDirectives(
    boolean noCache,
    boolean noStore,
    boolean noTransform,
    boolean onlyIfCached,
    long maxAgeSeconds,
    long maxStaleSeconds,
    long minFreshSeconds,
    long staleIfErrorSeconds) {

  /** A {@code max-stale} that accepts any age. */
  public static final long ANY_STALENESS = Long.MAX_VALUE;

  /** A request that says nothing: almost all of them share this one. */
  public static final RequestDirectives NONE =
      new RequestDirectives(
          false,
          false,
          false,
          false,
          CacheControl.ABSENT,
          CacheControl.ABSENT,
          CacheControl.ABSENT,
          CacheControl.ABSENT);

  private static final RequestDirectives NO_CACHE =
      new RequestDirectives(
          true,
          false,
          false,
          false,
          CacheControl.ABSENT,
          CacheControl.ABSENT,
          CacheControl.ABSENT,
          CacheControl.ABSENT);

  /** What the fields of a request ask for. */
  public static RequestDirectives of(Headers request) {
    String list = request.combined("Cache-Control");
    if (list != null) {
      Reading reading = new Reading();
      FieldSyntax.directives(list, reading);
      return reading.build();
    }
    String pragma = request.combined("Pragma");
    return pragma != null && asksNoCache(pragma) ? NO_CACHE : NONE;
  }

  /** The same without what asks for newer content. */
  public RequestDirectives withoutReload() {
    return new RequestDirectives(
        false,
        noStore,
        noTransform,
        onlyIfCached,
        CacheControl.ABSENT,
        maxStaleSeconds,
        CacheControl.ABSENT,
        staleIfErrorSeconds);
  }

  /** Whether the client wants the origin asked whatever is stored. */
  public boolean asksValidation() {
    return noCache || maxAgeSeconds == 0;
  }

  private static boolean asksNoCache(String pragma) {
    Reading reading = new Reading();
    FieldSyntax.directives(pragma, reading);
    return reading.noCache;
  }

  /** Collects directives while a field is read. */
  private static final class Reading implements FieldSyntax.DirectiveConsumer {
    private boolean noCache;
    private boolean noStore;
    private boolean noTransform;
    private boolean onlyIfCached;
    private long maxAge = CacheControl.ABSENT;
    private long maxStale = CacheControl.ABSENT;
    private long minFresh = CacheControl.ABSENT;
    private long staleIfError = CacheControl.ABSENT;

    @Override
    public void accept(String name, @Nullable String value) {
      switch (name) {
        case "no-cache" -> noCache = true;
        case "no-store" -> noStore = true;
        case "no-transform" -> noTransform = true;
        case "only-if-cached" -> onlyIfCached = true;
        // A bound nobody can read asks for the strictest one.
        case "max-age" -> maxAge = FieldSyntax.seconds(value, 0);
        case "max-stale" ->
            maxStale =
                value == null ? ANY_STALENESS : FieldSyntax.seconds(value, CacheControl.ABSENT);
        case "min-fresh" -> minFresh = FieldSyntax.seconds(value, CacheControl.ABSENT);
        case "stale-if-error" -> staleIfError = FieldSyntax.seconds(value, CacheControl.ABSENT);
        default -> {
          // Unknown directives are ignored (RFC 9111 5.2.3).
        }
      }
    }

    @Override
    public void doubtful(String name) {
      switch (name) {
        case "no-store" -> noStore = true;
        case "no-transform" -> noTransform = true;
        case "only-if-cached" -> onlyIfCached = true;
        case "no-cache", "max-age", "min-fresh" -> noCache = true;
        default -> {
          // What would allow more is not believed.
        }
      }
    }

    RequestDirectives build() {
      return new RequestDirectives(
          noCache, noStore, noTransform, onlyIfCached, maxAge, maxStale, minFresh, staleIfError);
    }
  }
}
