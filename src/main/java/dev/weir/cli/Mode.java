package dev.weir.cli;

import java.util.Arrays;
import java.util.Locale;

/** What the node's port is to its clients. */
enum Mode {
  /** A forward proxy. */
  REGULAR,
  /** The front of one origin. */
  REVERSE,
  /** A mirror; {@code --mirror-port} opens one beside a proxy. */
  MIRROR;

  static Mode from(SettingReader read) {
    String[] names =
        Arrays.stream(values())
            .map(mode -> mode.name().toLowerCase(Locale.ROOT))
            .toArray(String[]::new);
    return valueOf(read.choice("mode", names).toUpperCase(Locale.ROOT));
  }
}
