package dev.weir.wire;

import dev.weir.http.Authority;
import dev.weir.wire.GuardViolation.Reason;
import org.jspecify.annotations.Nullable;

/**
 * What a request is for: the four forms of a request target (RFC 9112 3.2) brought together with
 * Host and the tunnel.
 *
 * @param path the origin-form, {@code *}, or for CONNECT the authority-form as received
 * @param absolute it was in absolute-form, as clients send it to a proxy
 */
record Target(String scheme, Authority authority, String path, boolean absolute) {

  static Target parse(
      String method,
      String target,
      @Nullable String host,
      boolean http10,
      String scheme,
      @Nullable Authority tunnel) {
    if (host == null && !http10) {
      throw new GuardViolation(Reason.NO_HOST);
    }
    Authority named = host == null ? null : authority(host, Authority.defaultPort(scheme));
    if ("CONNECT".equals(method)) {
      return connect(target, scheme, tunnel);
    }
    if (target.charAt(0) == '/' || ("*".equals(target) && "OPTIONS".equals(method))) {
      Authority asked = named == null ? tunnel : named;
      if (asked == null) {
        throw new GuardViolation(Reason.NO_HOST);
      }
      if (tunnel != null && !tunnel.equals(asked)) {
        throw new GuardViolation(Reason.MISDIRECTED);
      }
      return new Target(scheme, asked, target, false);
    }
    if ("*".equals(target) && "PRI".equals(method)) {
      throw new GuardViolation(Reason.H2_PREFACE);
    }
    return absolute(method, target, scheme, tunnel);
  }

  private static Target connect(String target, String scheme, @Nullable Authority tunnel) {
    Authority asked = Authorities.parseWithPort(target);
    if (asked == null) {
      throw new GuardViolation(Reason.BAD_TARGET);
    }
    if (tunnel != null) {
      throw new GuardViolation(Reason.CONNECT_REFUSED);
    }
    return new Target(scheme, asked, target, false);
  }

  /** The target wins over Host, which had only to be well-formed (RFC 9112 3.2.2). */
  private static Target absolute(
      String method, String target, String connection, @Nullable Authority tunnel) {
    int colon = target.indexOf("://");
    if (colon <= 0) {
      throw new GuardViolation(Reason.BAD_TARGET);
    }
    String scheme = scheme(target, colon);
    int start = colon + 3;
    int end = start;
    while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
      end++;
    }
    String text = target.substring(start, end);
    if (text.indexOf('@') >= 0) {
      throw new GuardViolation(Reason.USERINFO);
    }
    Authority asked = authority(text, Authority.defaultPort(scheme));
    if (tunnel != null && !(tunnel.equals(asked) && scheme.equals(connection))) {
      throw new GuardViolation(Reason.MISDIRECTED);
    }
    String rest = target.substring(end);
    String path;
    if (rest.isEmpty()) {
      path = "OPTIONS".equals(method) ? "*" : "/";
    } else {
      path = rest.charAt(0) == '/' ? rest : "/" + rest;
    }
    return new Target(scheme, asked, path, true);
  }

  private static String scheme(String target, int colon) {
    if (colon == 4 && target.regionMatches(true, 0, "http", 0, 4)) {
      return "http";
    }
    if (colon == 5 && target.regionMatches(true, 0, "https", 0, 5)) {
      return "https";
    }
    throw new GuardViolation(Reason.BAD_SCHEME);
  }

  private static Authority authority(String text, int defaultPort) {
    Authority authority = Authorities.parse(text, defaultPort);
    if (authority == null) {
      throw new GuardViolation(Reason.BAD_HOST);
    }
    return authority;
  }
}
