package dev.weir.moving;

import dev.weir.http.Sha224;
import dev.weir.inspect.PlainUrl;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What can be told from a document's URL and id. Pure. */
final class SourceUrl {
  /** Longer ones were cut. */
  private static final int MAX_CHARS = 512;

  /** The source drops these from its keys, on any host, and sorts the rest. */
  private static final Set<String> SIGNING =
      Set.of(
          "expires",
          "key-pair-id",
          "policy",
          "signature",
          "se",
          "sig",
          "ske",
          "skoid",
          "sks",
          "skt",
          "sktid",
          "skv",
          "sp",
          "spr",
          "sr",
          "sv",
          "hmac");

  /** Image registries hand out what they have to whoever shows a token, which no URL tells. */
  private static final Pattern REGISTRY =
      Pattern.compile("https?://[^/]+/v2/.+/(?:manifests|blobs)/.*");

  private SourceUrl() {}

  /**
   * Refuses a URL that its entry cannot be stored under.
   *
   * @param digest of the URL, from the document's id
   */
  static void check(String url, String digest) throws Skipped {
    if (!url.startsWith("http://") && !url.startsWith("https://")) {
      throw new Skipped(Reason.UNKNOWN_SCHEME);
    }
    if (hasSigningParameter(url)) {
      throw new Skipped(Reason.SIGNED);
    }
    if (!Sha224.hex(url).equals(digest)) {
      throw new Skipped(url.length() >= MAX_CHARS ? Reason.URL_CUT : Reason.OTHER_KEY);
    }
    if (url.indexOf('#') >= 0) {
      throw new Skipped(Reason.MALFORMED); // no request has a fragment
    }
    if (hasUserInfo(url) || !PlainUrl.of(url).equals(url) || REGISTRY.matcher(url).matches()) {
      throw new Skipped(Reason.AUTHENTICATED);
    }
  }

  private static boolean hasUserInfo(String url) {
    int from = url.indexOf("//") + 2;
    int at = url.indexOf('@', from);
    int slash = url.indexOf('/', from);
    return at >= 0 && (slash < 0 || at < slash);
  }

  private static boolean hasSigningParameter(String url) {
    int question = url.indexOf('?');
    if (question < 0) {
      return false;
    }
    for (String pair : url.substring(question + 1).split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = (equals < 0 ? pair : pair.substring(0, equals)).toLowerCase(Locale.ROOT);
      if (name.startsWith("x-amz-") || SIGNING.contains(name)) {
        return true;
      }
    }
    return false;
  }
}
