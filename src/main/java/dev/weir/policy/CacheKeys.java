package dev.weir.policy;

import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.Sha224;
import dev.weir.http.Vary;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Names in the cache. The digest is of the key text: scheme, host in lower case, port unless it is
 * the scheme's own, path and query byte for byte as received. Two things stand beside it on lines
 * of their own, where no URL can imitate them: the realm, if any, and the word {@code signed} if
 * signing parameters were left out, so that a request without a signature never finds what was
 * fetched with one.
 */
public final class CacheKeys {
  private static final int MAX_EXTENSION_CHARS = 20;

  private CacheKeys() {}

  /**
   * The key of a request that no rule speaks of.
   *
   * @param realm empty, or the mount or credential where the cache adds credentials of its own
   */
  public static CacheKey of(RequestHead request, String realm) {
    return of(request, realm, Effects.NONE);
  }

  /** The key of a request under what rules say of it ({@code key}, {@code signing-parameters}). */
  public static CacheKey of(RequestHead request, String realm, Effects effects) {
    String scheme = request.scheme();
    Authority authority = request.authority();
    Set<String> signing = effects.get(Effect.SIGNING_PARAMETERS, Set.<String>of());
    SignedUrls.@Nullable Stripped stripped =
        SignedUrls.strip(authority.host(), request.target(), signing);
    String target = stripped == null ? request.target() : stripped.target();
    KeyTarget made = effects.get(Effect.KEY_TARGET);
    if (made != null) {
      // It may have taken the signature along, which is for nobody to read.
      SignedUrls.@Nullable Stripped bare = SignedUrls.strip(authority.host(), made.text(), signing);
      target = bare == null ? made.text() : bare.target();
    }
    boolean asReceived = stripped == null && made == null;
    String url = asReceived ? request.url() : url(scheme, authority, target);
    KeyRules rules = effects.get(Effect.KEY);
    if (rules != null) {
      KeyRules.Site site = rules.site();
      scheme = site == null ? scheme : site.scheme();
      authority = site == null ? authority : site.authority();
      url = rules.rewritten(url(scheme, authority, rules.target(target)));
    }
    return new CacheKey(
        primary(scheme, authority, url, place(request, realm, effects), stripped != null),
        url,
        stripped == null ? Optional.empty() : Optional.of(stripped.signature()));
  }

  /** The realm of what is asked for in that one under what rules say: what we fetch in our name. */
  public static String place(RequestHead request, String realm, Effects effects) {
    return realm + ("https".equals(request.scheme()) ? ourName(effects) : "");
  }

  /** The key of a URL whose signature is gone, in a realm. */
  public static PrimaryKey primary(
      String scheme, Authority authority, String url, String realm, boolean signed) {
    String text = realm.isEmpty() ? url : "realm " + realm + "\n" + url;
    return new PrimaryKey(scheme, authority.host(), Sha224.hex(signed ? text + "\nsigned" : text));
  }

  /**
   * Where the same is kept for clients with credentials of their own: none that shows none finds it
   * there, and none that shows some before the origin has accepted them.
   */
  public static PrimaryKey withCredentials(PrimaryKey plain) {
    // No URL begins so, nor a realm.
    String text = "with credentials\n" + plain.digest();
    return new PrimaryKey(plain.scheme(), plain.host(), Sha224.hex(text));
  }

  /** Whether it is fetched in our name: then it is for none but the requests of those rules. */
  public static boolean isInOurName(Effects effects) {
    return !ourName(effects).isEmpty();
  }

  /** In whose name it is fetched, where that is not the client's. */
  private static String ourName(Effects effects) {
    Credentials credentials = effects.get(Effect.CREDENTIALS);
    UpstreamTls tls = effects.get(Effect.UPSTREAM_TLS);
    return (credentials == null ? "" : "credentials " + credentials.name())
        + (tls == null || !tls.showsCertificate() ? "" : "certificate " + tls.name());
  }

  private static String url(String scheme, Authority authority, String target) {
    return scheme + "://" + authority.text(scheme) + ("*".equals(target) ? "" : target);
  }

  /** The secondary key of a request whose key varies by these fields. */
  public static VariantKey variant(List<String> vary, Headers request) {
    return vary.isEmpty() ? VariantKey.NONE : new VariantKey(Vary.digest(vary, request));
  }

  /**
   * The extension of a target's last path segment with its dot ({@code .gz} of {@code foo.tar.gz}),
   * at most 20 characters of letters, digits, {@code .-_}; else empty.
   */
  public static String extension(String target) {
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    String file = path.substring(path.lastIndexOf('/') + 1);
    int dot = file.lastIndexOf('.');
    if (dot < 1 || dot == file.length() - 1 || file.length() - dot > MAX_EXTENSION_CHARS) {
      return "";
    }
    String extension = file.substring(dot);
    boolean plain =
        extension
            .chars()
            .allMatch(c -> (c < 0x80 && Character.isLetterOrDigit(c)) || "._-".indexOf(c) >= 0);
    return plain ? extension : "";
  }
}
