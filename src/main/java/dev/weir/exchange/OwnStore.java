package dev.weir.exchange;

import dev.weir.http.Authority;
import dev.weir.http.RequestHead;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Tells requests for the object store that this cache itself keeps its bodies in. To store what is
 * fetched from there would keep the same bytes twice, under names that nobody asks for again; such
 * a client only lacks an entry in its NO_PROXY.
 *
 * @param names {@code host} or {@code host:port} of the store, in lower case; one {@code *} stands
 *     for the region. Without a port any is meant
 */
record OwnStore(List<String> names) {
  /** What says so to the client. */
  static final String WARNING_FIELD = "X-Weir-Warning";

  private static final Pattern PORT = Pattern.compile(":[0-9]+$");

  OwnStore {
    names = List.copyOf(names);
  }

  boolean isAskedBy(RequestHead request) {
    if (names.isEmpty()) {
      return false;
    }
    String named = Authority.withoutDot(request.authority().host());
    String host = named.indexOf(':') < 0 ? named : "[" + named + "]";
    String withPort = host + ":" + request.authority().port();
    return names.stream()
        .anyMatch(name -> matches(name, PORT.matcher(name).find() ? withPort : host));
  }

  private static boolean matches(String name, String host) {
    int star = name.indexOf('*');
    if (star < 0) {
      return name.equals(host);
    }
    String before = name.substring(0, star);
    String after = name.substring(star + 1);
    return host.length() > before.length() + after.length()
        && host.startsWith(before)
        && host.endsWith(after);
  }

  static String warning(RequestHead request) {
    return "not cached: "
        + request.authority().host()
        + " is this cache's own object store; add it to NO_PROXY";
  }
}
