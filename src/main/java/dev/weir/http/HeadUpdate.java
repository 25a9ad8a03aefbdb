package dev.weir.http;

import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What the answer to a HEAD means for the stored answer to a GET (RFC 9111 4.3.5). */
public sealed interface HeadUpdate {

  /** It is still the same: here it is with its fields and times brought up to date. */
  record Updated(StoredResponse response) implements HeadUpdate {}

  /** It has changed, or may not be kept any more: validate or forget it. */
  record Outdated() implements HeadUpdate {}

  /** The answer says nothing of what is stored: it is no success, or what is stored is none. */
  record Unrelated() implements HeadUpdate {}

  /**
   * Compares the answer's length, validators and coding with the stored ones; what it does not
   * mention does not count.
   *
   * @param bodyBytes length of the stored body
   * @param targets the fields that speak to this cache ({@link StorageRules#targets})
   */
  static HeadUpdate of(
      StoredResponse stored,
      long bodyBytes,
      ResponseHead answer,
      long requestTimeMillis,
      long responseTimeMillis,
      List<String> targets) {
    if (answer.status() != 200 || stored.status() != 200) {
      return new Unrelated();
    }
    Headers told = answer.headers();
    if (!sameLength(told.first("Content-Length"), bodyBytes)
        || !sameTag(told, stored.headers())
        || !sameModification(told, stored.headers())
        || !sameCoding(told, stored.headers())) {
      return new Outdated();
    }
    StoredResponse merged =
        NotModified.merge(stored, told, requestTimeMillis, responseTimeMillis, targets);
    return NotModified.mayStay(merged, targets) ? new Updated(merged) : new Outdated();
  }

  private static boolean sameLength(@Nullable String told, long bodyBytes) {
    return told == null || told.strip().equals(Long.toString(bodyBytes));
  }

  private static boolean sameTag(Headers told, Headers stored) {
    EntityTag tag = EntityTag.parse(told.first("ETag"));
    return tag == null || tag.weakEquals(EntityTag.parse(stored.first("ETag")));
  }

  private static boolean sameModification(Headers told, Headers stored) {
    OptionalLong modified = HttpDates.parse(told.first("Last-Modified"));
    return modified.isEmpty() || modified.equals(HttpDates.parse(stored.first("Last-Modified")));
  }

  private static boolean sameCoding(Headers told, Headers stored) {
    String coding = told.combined("Content-Encoding");
    return coding == null || coding.equalsIgnoreCase(stored.combined("Content-Encoding"));
  }
}
