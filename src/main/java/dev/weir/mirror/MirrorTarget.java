package dev.weir.mirror;

import dev.weir.http.Authority;
import dev.weir.origin.HostForm;
import dev.weir.policy.Mount;
import dev.weir.wire.Authorities;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a path of the mirror stands for. Reading it is pure, and never repairs: the rest of the
 * target goes on byte for byte, so that two targets are one URL only if they are the same bytes;
 * and what servers read in several ways is refused.
 */
sealed interface MirrorTarget {
  /** No URL is longer on its way through caches and servers. */
  int MAX_CHARS = 8192;

  int HTTPS_PORT = 443;

  /**
   * Clients that quote paths anew (pip) write the colon of a port so; nothing else is meant by it.
   */
  Pattern PORT = Pattern.compile("%3[Aa](\\d+)$");

  record Health() implements MirrorTarget {}

  /** What another room answers, by the first segment of the path. */
  record Room(String name) implements MirrorTarget {}

  /** A place at whatever host was named; {@code target} begins with a slash. */
  record Place(Authority authority, String target) implements MirrorTarget {}

  /** Below a mount; {@code rest} is what follows its path, query included. */
  record Below(Mount mount, String rest) implements MirrorTarget {}

  /** A mount without the slash at its end, which relative links need. */
  record Moved(String location) implements MirrorTarget {}

  /** Nothing that could be asked for; {@code why} is a sentence for the client. */
  record Bad(int status, String why) implements MirrorTarget {}

  /**
   * Reads a raw request target.
   *
   * @param mounts the longest path that fits is taken
   * @param rooms first segments that are answered elsewhere
   */
  static MirrorTarget read(String target, List<Mount> mounts, List<String> rooms) {
    int query = target.indexOf('?');
    String path = query < 0 ? target : target.substring(0, query);
    if (path.equals("/health")) {
      return new Health();
    }
    if (target.length() > MAX_CHARS) {
      return new Bad(414, "The target has more than " + MAX_CHARS + " characters.");
    }
    if (!path.startsWith("/")) {
      return new Bad(400, "Ask for /HOST/PATH.");
    }
    String fault = RawPath.fault(path);
    if (fault != null) {
      return new Bad(400, fault);
    }
    Mount mount = mountOf(path, mounts);
    if (mount != null) {
      return path.length() < mount.path().length()
          ? new Moved(mount.path() + (query < 0 ? "" : target.substring(query)))
          : new Below(mount, target.substring(mount.path().length()));
    }
    int slash = path.indexOf('/', 1);
    String first = path.substring(1, slash < 0 ? path.length() : slash);
    if (rooms.contains(first)) {
      return new Room(first);
    }
    if (slash < 0) {
      return new Bad(400, "A host is followed by a slash and a path: /HOST/PATH.");
    }
    return place(first, target.substring(slash));
  }

  private static MirrorTarget place(String written, String target) {
    String named = PORT.matcher(written).replaceFirst(":$1");
    if (named.isEmpty()) {
      return new Bad(400, "The host is empty: ask for /HOST/PATH.");
    }
    if (named.indexOf('%') >= 0) {
      return new Bad(400, "A host is not percent-encoded, and its slash is one.");
    }
    if (named.indexOf('@') >= 0) {
      return new Bad(400, "There is no user before a host here.");
    }
    if (named.endsWith(":")) {
      return new Bad(400, "The port is empty.");
    }
    Authority authority = Authorities.parse(named, HTTPS_PORT);
    if (authority == null) {
      return new Bad(400, "The first part of the path is no host, or its port is none.");
    }
    return HostForm.of(authority.host()) instanceof HostForm.Malformed(String why)
        ? new Bad(400, "The first part of the path is no host: " + why + ".")
        : new Place(authority, target);
  }

  private static @Nullable Mount mountOf(String path, List<Mount> mounts) {
    Mount longest = null;
    for (Mount mount : mounts) {
      boolean fits =
          path.startsWith(mount.path())
              || (path.length() == mount.path().length() - 1 && mount.path().startsWith(path));
      if (fits && (longest == null || mount.path().length() > longest.path().length())) {
        longest = mount;
      }
    }
    return longest;
  }
}
