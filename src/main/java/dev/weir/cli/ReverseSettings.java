package dev.weir.cli;

import dev.weir.http.Authority;
import dev.weir.wire.Authorities;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code --mode reverse} adds to the settings, checked: the origin behind this node, and what
 * the listener shows of itself.
 *
 * @param scheme the origin's, {@code http} or {@code https}
 * @param tlsCert path or PEM text of the listener's certificate, or empty
 * @param tlsKey path or PEM text of its key, or empty
 * @param tlsName the host for which the listener shows a certificate of our own CA, or empty
 */
record ReverseSettings(
    String scheme,
    Authority origin,
    boolean preserveHost,
    String tlsCert,
    String tlsKey,
    String tlsName) {
  private static final Pattern URL =
      Pattern.compile("(https?)://([^/?#@\\s]+)/?", Pattern.CASE_INSENSITIVE);
  private static final List<String> TEXTS =
      List.of("origin-url", "tls-cert", "tls-key", "tls-name");

  /** The settings in reverse mode, null in regular mode. */
  static @Nullable ReverseSettings from(SettingReader read) {
    boolean reverse = read.choice("mode", "regular", "reverse").equals("reverse");
    if (!reverse) {
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
    String certificate = read.text("tls-cert");
    String name = read.text("tls-name");
    if (certificate.isEmpty() && !read.text("tls-key").isEmpty()) {
      throw new SettingsException("--tls-key is given without --tls-cert; give both");
    }
    if (!certificate.isEmpty() && !name.isEmpty()) {
      throw new SettingsException(
          "--tls-cert and --tls-name exclude each other: bring a certificate, or have one made");
    }
    return new ReverseSettings(
        scheme, origin, read.flag("preserve-host"), certificate, read.text("tls-key"), name);
  }

  private static void refuseWithoutReverse(SettingReader read) {
    for (String name : TEXTS) {
      if (!read.text(name).isEmpty()) {
        throw new SettingsException(
            "%s has no meaning without --mode reverse; leave it out or add that"
                .formatted(name.equals("origin-url") ? "--origin" : "--" + name));
      }
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
