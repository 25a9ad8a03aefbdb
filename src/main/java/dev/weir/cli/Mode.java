package dev.weir.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What the node's port is to its clients. */
enum Mode {
  /** A forward proxy. */
  REGULAR,
  /** The front of one origin. */
  REVERSE,
  /** A mirror; {@code --mirror-port} opens one beside a proxy. */
  MIRROR;

  /** Modes that are a forward proxy in special surroundings. */
  private static final String UPSTREAM = "upstream";

  private static final String TRANSPARENT = "transparent";

  static Mode from(SettingReader read) {
    List<String> names =
        Stream.concat(
                Arrays.stream(values()).map(mode -> mode.name().toLowerCase(Locale.ROOT)),
                Stream.of(UPSTREAM, TRANSPARENT))
            .toList();
    String name = read.choice("mode", names.toArray(String[]::new));
    if (name.equals(UPSTREAM) && read.text("egress-proxy").isEmpty()) {
      throw new SettingsException(
          "--mode upstream needs --egress-proxy, the proxy behind it, such as"
              + " http://proxy.example:3128");
    }
    return name.equals(UPSTREAM) || name.equals(TRANSPARENT)
        ? REGULAR
        : valueOf(name.toUpperCase(Locale.ROOT));
  }
}
