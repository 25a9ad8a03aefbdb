package dev.weir.cli;

import dev.weir.wire.ListenAt;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The listening sockets that systemd, or whatever speaks as it does, opened for this process
 * (sd_listen_fds(3)): {@code LISTEN_FDS} of them from descriptor 3 on, if {@code LISTEN_PID} is
 * this process, with the names of {@code LISTEN_FDNAMES}. One named {@code mirror} is the mirror's,
 * one named {@code proxy} or not named at all the main port's.
 */
record GivenSockets(List<ListenAt> main, List<ListenAt> mirror) {
  static final GivenSockets NONE = new GivenSockets(List.of(), List.of());

  private static final int FIRST_DESCRIPTOR = 3;

  /** What systemd says where a unit does not name its sockets; the unit's own name is another. */
  private static final Set<String> UNNAMED = Set.of("", "unknown", "connection");

  /** Those of this process; a unit that gives more than {@code max} is mistaken. */
  static GivenSockets read(int max) {
    return of(System.getenv(), ProcessHandle.current().pid(), max);
  }

  /**
   * @throws SettingsException if a name says neither whose the socket is nor nothing
   */
  static GivenSockets of(Map<String, String> environment, long pid, int max) {
    if (!Long.toString(pid).equals(environment.get("LISTEN_PID"))) {
      return NONE;
    }
    int count = count(environment.getOrDefault("LISTEN_FDS", "0"), max);
    String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
    List<ListenAt> main = new ArrayList<>();
    List<ListenAt> mirror = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = i < names.length ? names[i] : "";
      ListenAt socket = new ListenAt.Given(FIRST_DESCRIPTOR + i);
      if (name.equals("mirror")) {
        mirror.add(socket);
      } else if (name.equals("proxy") || UNNAMED.contains(name) || name.endsWith(".socket")) {
        main.add(socket);
      } else {
        throw new SettingsException(
            "a socket given by systemd is named \"%s\": FileDescriptorName= says proxy or mirror"
                .formatted(name));
      }
    }
    return new GivenSockets(List.copyOf(main), List.copyOf(mirror));
  }

  /**
   * For a node whose main port may be a mirror itself, or that has one beside it.
   *
   * @throws SettingsException if there is a socket for a mirror, and no mirror
   */
  GivenSockets forListeners(boolean mainIsMirror, boolean mirrorBeside) {
    if (mirror.isEmpty() || mirrorBeside) {
      return this;
    }
    if (!mainIsMirror) {
      throw new SettingsException(
          "a socket given by systemd is named mirror, and this node has none: set --mirror-port");
    }
    List<ListenAt> all = new ArrayList<>(main);
    all.addAll(mirror);
    return new GivenSockets(List.copyOf(all), List.of());
  }

  private static int count(String said, int max) {
    try {
      int count = Integer.parseInt(said);
      if (count >= 0 && count <= max) {
        return count;
      }
    } catch (NumberFormatException none) {
      // As one out of range.
    }
    throw new SettingsException(
        "LISTEN_FDS is \"%s\", and no number from 0 to %d".formatted(said, max));
  }
}
