package dev.weir.cli;

import dev.weir.http.Authority;
import dev.weir.wire.Authorities;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --mode reverse} adds to the settings, checked: the origin behind this node.
 *
 * @param scheme the origin's, {@code http} or {@code https}
 */
record ReverseSettings(String scheme, Authority origin, boolean preserveHost) {
  private static final Pattern URL =
      Pattern.compile("(https?)://([^/?#@\\s]+)/?", Pattern.CASE_INSENSITIVE);

  /** The settings in reverse mode, null in any other. */
  static @Nullable ReverseSettings from(SettingReader read, Mode mode) {
    if (mode != Mode.REVERSE) {
      refuseWithoutReverse(read);
      return null;
    }
    String url = read.text("origin-url");
    if (url.isEmpty()) {
      throw new SettingsException(
          "--mode reverse needs --origin, the server behind it, such as https://origin.example");
    }
    if (url.indexOf('@') >= 0) {
      throw new SettingsException("--origin must not hold a user or password; leave them out");
    }
    Matcher parts = URL.matcher(url);
    String scheme = parts.matches() ? parts.group(1).toLowerCase(Locale.ROOT) : "";
    Authority origin =
        scheme.isEmpty() ? null : Authorities.parse(parts.group(2), Authority.defaultPort(scheme));
    if (origin == null) {
      throw read.bad(
          "origin-url", "an http or https URL without a path, as https://origin.example:8443", url);
    }
    return new ReverseSettings(scheme, origin, read.flag("preserve-host"));
  }

  private static void refuseWithoutReverse(SettingReader read) {
    if (!read.text("origin-url").isEmpty()) {
      throw new SettingsException(
          "--origin has no meaning without --mode reverse; leave it out or add that");
    }
    if (read.flag("preserve-host")) {
      throw new SettingsException("--preserve-host has no meaning without --mode reverse");
    }
  }

  String originUrl() {
    return scheme + "://" + origin.text(scheme);
  }

  /** The origin as an item of {@code --allow-destinations}: the operator has named it. */
  String destination() {
    String host = origin.host().indexOf(':') >= 0 ? "[" + origin.host() + "]" : origin.host();
    return host + ":" + origin.port();
  }
}
