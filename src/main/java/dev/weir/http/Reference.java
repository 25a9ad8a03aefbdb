package dev.weir.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * References in responses (Location, Content-Location) against the URL they answer, RFC 3986 5.2.
 *
 * <p>{@link URI} does most of it, but after RFC 2396, where a query alone belongs to the folder and
 * dots may lead out of the root; and it takes no character that stands in no URL, though clients
 * ask for some of them and servers send them. Those are encoded: behind the authority they can mean
 * only themselves. A blank is no such character: where it stands, more may have gone wrong.
 */
public final class Reference {
  /** Scheme and authority, where a reference has them. */
  private static final Pattern UP_TO_PATH =
      Pattern.compile("(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*");

  private Reference() {}

  /**
   * Where it leads.
   *
   * @param base an absolute URL
   * @throws URISyntaxException if nothing can be made of one of them
   */
  public static URI resolved(String base, String reference) throws URISyntaxException {
    URI from = new URI(encoded(base));
    String to = encoded(reference.strip());
    URI there =
        to.startsWith("?")
            ? new URI(site(from) + from.getRawPath() + to)
            : from.resolve(new URI(to));
    return withinRoot(there);
  }

  private static URI withinRoot(URI url) throws URISyntaxException {
    String path = url.getRawPath();
    if (path == null || !path.startsWith("/..")) {
      return url;
    }
    while (path.startsWith("/../")) {
      path = path.substring(3);
    }
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    return new URI(site(url) + (path.equals("/..") ? "/" : path) + query);
  }

  private static String site(URI url) {
    return url.getScheme() + "://" + url.getRawAuthority();
  }

  private static String encoded(String reference) {
    Matcher authority = UP_TO_PATH.matcher(reference);
    int at = authority.lookingAt() ? authority.end() : 0;
    StringBuilder encoded = new StringBuilder(reference.length() + 16).append(reference, 0, at);
    boolean path = true;
    for (; at < reference.length(); at++) {
      char c = reference.charAt(at);
      path &= c != '?' && c != '#';
      boolean odd = c > 0x7f || "\"<>\\^`{|}".indexOf(c) >= 0;
      odd |= path && (c == '[' || c == ']');
      odd |= c == '%' && !isEncoding(reference, at);
      if (odd) {
        encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits((byte) c));
      } else {
        encoded.append(c);
      }
    }
    return encoded.toString();
  }

  private static boolean isEncoding(String text, int percent) {
    return percent + 2 < text.length()
        && HexFormat.isHexDigit(text.charAt(percent + 1))
        && HexFormat.isHexDigit(text.charAt(percent + 2));
  }
}
