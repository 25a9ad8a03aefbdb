package dev.weir.mirror.links;

import dev.weir.http.Authority;
import dev.weir.policy.Mount;
import dev.weir.wire.Authorities;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the links of one document lead inside the mirror. Pure, and about text: what is not
 * understood, such as placeholders in paths, is carried over as it stands.
 *
 * @param scheme of the document at its origin
 * @param target of the document there
 * @param mounts of the mirror; of those whose origin holds a link's target the one with the longest
 *     base is taken, and of equal ones the first
 * @param servesHosts whether the mirror serves places at hosts that are no mount's
 * @param publicUrl how clients reach the mirror: scheme and authority, no slash at its end
 */
record InsideLinks(
    String scheme,
    Authority authority,
    String target,
    List<Mount> mounts,
    boolean servesHosts,
    String publicUrl) {
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*");
  private static final Pattern OPAQUE = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:");

  /** A place at some origin; its fragment too. */
  private record Place(String scheme, Authority authority, String path, String fragment) {}

  /** The mirror's own path for a link, or null where the link must stay as it is. */
  @Nullable String path(String link) {
    Place place = place(link);
    String inside = place == null ? null : inside(place);
    return inside == null || place == null ? null : inside + place.fragment();
  }

  /** The same as a URL, for clients that take no references. */
  @Nullable String url(String link) {
    String path = path(link);
    return path == null ? null : publicUrl + path;
  }

  /** A link as a URL at its origin: for one that does not lead inside, in a page moved there. */
  String outside(String link) {
    Place place = place(link);
    return place == null
        ? link
        : place.scheme()
            + "://"
            + place.authority().text(place.scheme())
            + place.path()
            + place.fragment();
  }

  /** The links of a document that says they are meant from elsewhere. */
  InsideLinks from(String base) {
    Place place = place(base);
    return place == null
        ? this
        : new InsideLinks(
            place.scheme(), place.authority(), place.path(), mounts, servesHosts, publicUrl);
  }

  private @Nullable Place place(String link) {
    String text = link.strip();
    int end = text.indexOf('#');
    String fragment = end < 0 ? "" : text.substring(end);
    String reference = end < 0 ? text : text.substring(0, end);
    int colon = reference.indexOf("://");
    if (colon > 0 && SCHEME.matcher(reference.substring(0, colon)).matches()) {
      String named = reference.substring(0, colon).toLowerCase(Locale.ROOT);
      return at(named, reference.substring(colon + 3), fragment);
    }
    if (reference.startsWith("//")) {
      return at(scheme, reference.substring(2), fragment);
    }
    // A place in this very document, or mailto: and the like.
    return reference.isEmpty() || OPAQUE.matcher(reference).lookingAt()
        ? null
        : new Place(scheme, authority, resolved(reference), fragment);
  }

  private static @Nullable Place at(String named, String rest, String fragment) {
    int end = endOfAuthority(rest);
    String path = rest.substring(end);
    if (!named.equals("http") && !named.equals("https")) {
      return null;
    }
    Authority there = Authorities.parse(rest.substring(0, end), Authority.defaultPort(named));
    return there == null
        ? null
        : new Place(named, there, path.startsWith("/") ? path : "/" + path, fragment);
  }

  private static int endOfAuthority(String rest) {
    int end = 0;
    while (end < rest.length() && rest.charAt(end) != '/' && rest.charAt(end) != '?') {
      end++;
    }
    return end;
  }

  private @Nullable String inside(Place place) {
    Mount best = null;
    int longest = -1;
    for (Mount mount : mounts) {
      for (Mount.Origin origin : mount.origins()) {
        boolean holds =
            origin.scheme().equals(place.scheme())
                && origin.authority().equals(place.authority())
                && place.path().startsWith(origin.base());
        if (holds && origin.base().length() > longest) {
          best = mount;
          longest = origin.base().length();
        }
      }
    }
    if (best != null) {
      return best.path() + place.path().substring(longest);
    }
    return servesHosts && place.scheme().equals("https")
        ? "/" + place.authority().text("https") + place.path()
        : null;
  }

  /** A reference without scheme and host, resolved at the document (RFC 3986 5.2). */
  private String resolved(String reference) {
    String base = withoutQuery(target);
    if (reference.startsWith("?")) {
      return base + reference;
    }
    String path = withoutQuery(reference);
    String query = reference.substring(path.length());
    String merged =
        path.startsWith("/") ? path : base.substring(0, base.lastIndexOf('/') + 1) + path;
    return withoutDots(merged) + query;
  }

  private static String withoutQuery(String text) {
    int query = text.indexOf('?');
    return query < 0 ? text : text.substring(0, query);
  }

  private static String withoutDots(String path) {
    Deque<String> kept = new ArrayDeque<>();
    List<String> segments = List.of(path.substring(1).split("/", -1));
    for (String segment : segments) {
      if (segment.equals("..")) {
        kept.pollLast();
      } else if (!segment.equals(".")) {
        kept.addLast(segment);
      }
    }
    boolean folder = segments.getLast().equals("..") || segments.getLast().equals(".");
    return "/" + String.join("/", kept) + (folder && !kept.isEmpty() ? "/" : "");
  }
}
