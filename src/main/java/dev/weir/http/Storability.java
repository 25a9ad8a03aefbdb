package dev.weir.http;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a response may be stored, and as what (RFC 9111 3, for a shared cache). */
public sealed interface Storability {

  /**
   * It may: here it is without the fields that must not be stored (3.1, qualified {@code private}
   * and {@code no-cache}). Content-Length goes too: the stored body knows its own length.
   *
   * @param vary the field names its secondary key is made of, lower case, in order
   */
  record Storable(StoredResponse response, List<String> vary) implements Storability {}

  /** It may not. */
  record Refused(Refusal reason) implements Storability {}

  /** Why a response is not stored; {@code label} is the word for Cache-Status. */
  enum Refusal {
    METHOD("method", false),
    REQUEST_NO_STORE("request-no-store", false),
    AUTHORIZATION("authorization", false),
    /** 206, which is kept as a part if at all, and 304, which updates what is stored. */
    PARTIAL("partial", false),
    STATUS("status", false),
    NO_STORE("no-store", true),
    PRIVATE("private", true),
    VARY_ANY("vary-any", true),
    SET_COOKIE("set-cookie", true),
    /**
     * A request with a cookie, for a URL that only looks as if its content never changed: an origin
     * that ignores the end of a path would have one visitor's page stored for all.
     */
    COOKIE("cookie", false),
    NO_LIFETIME("no-lifetime", true);

    private final String label;
    private final boolean byResponse;

    Refusal(String label, boolean byResponse) {
      this.label = label;
      this.byResponse = byResponse;
    }

    public String label() {
      return label;
    }

    /** Whether the next response to this key is likely to be refused for the same reason. */
    public boolean isByResponse() {
      return byResponse;
    }
  }

  /** Judges the final response to a request that the origin got as it stands here. */
  static Storability judge(
      RequestHead request,
      ResponseHead response,
      long requestTimeMillis,
      long responseTimeMillis,
      StorageRules rules) {
    FreshnessInfo info =
        Freshness.of(
            response.status(), response.headers(), requestTimeMillis, responseTimeMillis, rules);
    boolean overridden = response.status() == 200 && rules.freshnessOverrideMillis() > 0;
    Refusal refusal = refusal(request, response, info, rules, overridden);
    if (refusal != null) {
      return new Refused(refusal);
    }
    boolean dropCookies = overridden && !explicitlyFresh(info);
    StoredResponse stored =
        new StoredResponse(
            response.status(),
            response.reason(),
            cleaned(response.headers(), info.control(), dropCookies),
            request.method(),
            requestTimeMillis,
            responseTimeMillis);
    return new Storable(stored, Vary.of(response.headers()).names());
  }

  private static @Nullable Refusal refusal(
      RequestHead request,
      ResponseHead response,
      FreshnessInfo info,
      StorageRules rules,
      boolean overridden) {
    CacheControl control = info.control();
    Headers fields = response.headers();
    if (!request.isGet()) {
      return Refusal.METHOD;
    }
    if (!overridden && RequestDirectives.of(request.headers()).noStore()) {
      return Refusal.REQUEST_NO_STORE;
    }
    if (response.status() == 206 || response.status() == 304) {
      return Refusal.PARTIAL;
    }
    if (response.status() < 200 || Statuses.isAboutTheRequest(response.status())) {
      return Refusal.STATUS;
    }
    boolean understood = Statuses.isUnderstood(response.status());
    if (control.mustUnderstand() ? !understood : control.noStore()) {
      return Refusal.NO_STORE;
    }
    if (control.isPrivate()) {
      return Refusal.PRIVATE;
    }
    if (isOfItsClientAlone(request, control, rules)) {
      return Refusal.AUTHORIZATION;
    }
    if (Vary.of(fields).any()) {
      return Refusal.VARY_ANY;
    }
    if (setsCookie(fields, control) && !overridden && !cookiesStorable(info, rules)) {
      return Refusal.SET_COOKIE;
    }
    if (overridden
        && request.headers().has("Cookie")
        && !control.isPublic()
        && !explicitlyFresh(info)) {
      return Refusal.COOKIE;
    }
    return overridden || hasLicence(response.status(), info) ? null : Refusal.NO_LIFETIME;
  }

  /**
   * Whether a response with these directives, to a request with credentials, is for nobody else
   * (RFC 9111 3.5).
   */
  static boolean isOfItsClientAlone(RequestHead request, CacheControl control, StorageRules rules) {
    return request.headers().has("Authorization")
        && !rules.storeAuthorized()
        && !shareable(control);
  }

  private static boolean shareable(CacheControl control) {
    return control.isPublic()
        || control.mustRevalidate()
        || control.sharedMaxAgeSeconds() != CacheControl.ABSENT;
  }

  private static boolean setsCookie(Headers fields, CacheControl control) {
    return fields.has("Set-Cookie")
        && !control.noCacheFields().contains("set-cookie")
        && !control.privateFields().contains("set-cookie");
  }

  private static boolean cookiesStorable(FreshnessInfo info, StorageRules rules) {
    return rules.storeCookies() && explicitlyFresh(info);
  }

  /** Fresh for a while by the origin's own word. */
  static boolean explicitlyFresh(FreshnessInfo info) {
    return info.source().isExplicit() && info.lifetimeMillis() > 0 && !info.control().noCache();
  }

  /**
   * The last point of RFC 9111 3. An error is stored only while it is fresh, by the origin's word
   * or, if it says when it last changed, for a short time by guess: a passing trouble must not
   * last.
   */
  private static boolean hasLicence(int status, FreshnessInfo info) {
    if (status >= 400) {
      return explicitlyFresh(info)
          || ((info.source() == FreshnessInfo.LifetimeSource.HEURISTIC
                  || info.source() == FreshnessInfo.LifetimeSource.RULE)
              && info.lifetimeMillis() > 0);
    }
    return info.source().isExplicit()
        || info.control().isPublic()
        || Statuses.isHeuristicallyCacheable(status);
  }

  /** The fields that may be stored. */
  static Headers cleaned(Headers response, CacheControl control, boolean dropCookies) {
    Set<String> dropped = new HashSet<>(control.noCacheFields());
    dropped.addAll(control.privateFields());
    dropped.add("content-length");
    if (dropCookies) {
      dropped.add("set-cookie");
    }
    Headers.Builder kept = Headers.builder();
    HopByHop.strip(response)
        .forEach(
            (name, value) -> {
              if (!dropped.contains(name.toLowerCase(Locale.ROOT))) {
                kept.add(name, value);
              }
            });
    return kept.build();
  }
}
