package dev.weir.http;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;

/** A 304 from the origin and the stored response it speaks of (RFC 9111 3.2, 4.3.4). */
public final class NotModified {
  /**
   * Fields of the stored response that a 304 does not touch: they describe the stored body itself,
   * or choose the variant it is stored under.
   */
  private static final Set<String> KEPT =
      Set.of("content-length", "content-encoding", "content-range", "content-md5", "vary");

  private NotModified() {}

  /**
   * Whether a 304 speaks of the stored response: its validator, if it has one, must be the stored
   * one. A differing one means that the origin validated something else; then ask again for the
   * whole.
   */
  public static boolean speaksOf(StoredResponse stored, Headers notModified) {
    EntityTag sent = EntityTag.parse(notModified.first("ETag"));
    EntityTag own = EntityTag.parse(stored.headers().first("ETag"));
    if (sent != null) {
      return own == null ? stored.headers().has("Last-Modified") : sent.weakEquals(own);
    }
    OptionalLong sentDate = HttpDates.parse(notModified.first("Last-Modified"));
    OptionalLong ownDate = HttpDates.parse(stored.headers().first("Last-Modified"));
    return sentDate.isEmpty()
        || ownDate.isEmpty()
        || own != null
        || sentDate.getAsLong() == ownDate.getAsLong();
  }

  /**
   * The stored response brought up to date: each field of the 304 replaces the stored one of its
   * name, save those that describe the body. Age and Date of the stored one go in any case, since
   * they would make the validated response look old.
   *
   * @param targets the fields that speak to this cache ({@link StorageRules#targets})
   */
  public static StoredResponse merge(
      StoredResponse stored,
      Headers notModified,
      long requestTimeMillis,
      long responseTimeMillis,
      List<String> targets) {
    Headers update = withoutKept(HopByHop.strip(notModified), stored);
    Headers.Builder merged = stored.headers().toBuilder().remove("Age").remove("Date");
    update.forEach((name, value) -> merged.remove(name));
    merged.addAll(update);
    if (!update.has("Date")) {
      merged.add("Date", HttpDates.format(responseTimeMillis)); // RFC 9110 6.6.1
    }
    Headers fields = merged.build();
    FreshnessInfo info =
        Freshness.of(
            stored.status(),
            fields,
            requestTimeMillis,
            responseTimeMillis,
            StorageRules.STANDARD.withTargets(targets));
    // As of any response: cookies are replayed only under a lifetime that the origin gave.
    boolean dropsCookies = !Storability.explicitlyFresh(info);
    return new StoredResponse(
        stored.status(),
        stored.reason(),
        Storability.cleaned(fields, info.control(), dropsCookies),
        stored.method(),
        requestTimeMillis,
        responseTimeMillis);
  }

  /**
   * Whether what the 304 said is for the client alone that asked: then nobody else may see its
   * fields, nor does it make anything fresh for others (RFC 9111 3.5).
   */
  public static boolean isOfItsClientAlone(
      RequestHead sent, StoredResponse merged, StorageRules rules) {
    CacheControl control = CacheControl.of(merged.headers(), rules.targets());
    return Storability.isOfItsClientAlone(sent, control, rules);
  }

  /** Whether the response may stay stored with what the 304 said of it. */
  public static boolean mayStay(StoredResponse merged, List<String> targets) {
    CacheControl control = CacheControl.of(merged.headers(), targets);
    return !control.noStore() && !control.isPrivate();
  }

  private static Headers withoutKept(Headers notModified, StoredResponse stored) {
    Set<String> kept = new HashSet<>(KEPT);
    EntityTag own = EntityTag.parse(stored.headers().first("ETag"));
    if (own != null && !own.weak()) {
      kept.add("etag"); // a weak spelling in the 304 must not weaken what ranges rely on
    }
    Headers.Builder update = Headers.builder();
    notModified.forEach(
        (name, value) -> {
          if (!kept.contains(name.toLowerCase(Locale.ROOT))) {
            update.add(name, value);
          }
        });
    return update.build();
  }
}
