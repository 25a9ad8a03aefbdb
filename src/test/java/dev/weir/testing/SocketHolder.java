package dev.weir.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Listening sockets that outlive the processes they are given to, as systemd holds them for a
 * service: a process of its own that hands them to whoever asks.
 */
public final class SocketHolder implements AutoCloseable {
  private static final String HOLDER =
      """
      import os, socket, sys
      held = []
      for host in sys.argv[2].split(","):
          s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
          s.bind((host, 0))
          s.listen(64)
          held.append(s)
      door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
      door.bind(sys.argv[1])
      door.listen(8)
      print(*[s.getsockname()[1] for s in held], flush=True)
      while True:
          asking, _ = door.accept()
          socket.send_fds(asking, [b"."], [s.fileno() for s in held])
          asking.close()
      """;

  /** Becomes the program named after the door and the sockets' names. */
  private static final String BEARER =
      """
      import os, socket, sys
      s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
      s.connect(sys.argv[1])
      _, held, _, _ = socket.recv_fds(s, 1, 8)
      s.close()
      moved = [os.dup2(os.dup(fd), 100 + i) for i, fd in enumerate(held)]
      for i, fd in enumerate(moved):
          os.dup2(fd, 3 + i)
      os.environ["LISTEN_PID"] = str(os.getpid())
      os.environ["LISTEN_FDS"] = str(len(held))
      os.environ["LISTEN_FDNAMES"] = sys.argv[2]
      os.closerange(3 + len(held), 120)
      os.execvp(sys.argv[3], sys.argv[3:])
      """;

  private final Process holder;
  private final Path door;
  private final List<Integer> ports;

  private SocketHolder(Process holder, Path door, List<Integer> ports) {
    this.holder = holder;
    this.door = door;
    this.ports = ports;
  }

  /** Listens on a free port of each of those addresses. */
  public static SocketHolder listen(Path folder, String... hosts) throws IOException {
    Path door = folder.resolve("door");
    Process holder =
        new ProcessBuilder("python3", "-c", HOLDER, door.toString(), String.join(",", hosts))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader said =
        new BufferedReader(new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8));
    String ports = said.readLine();
    if (ports == null) {
      throw new IOException("the sockets' holder did not start");
    }
    return new SocketHolder(
        holder, door, Arrays.stream(ports.split(" ")).map(Integer::valueOf).toList());
  }

  public int port(int index) {
    return ports.get(index);
  }

  /** What starts a program with all sockets under these names. */
  public List<String> bearer(String... names) {
    List<String> command = new ArrayList<>(List.of("python3", "-c", BEARER));
    command.add(door.toString());
    command.add(String.join(":", names));
    return command;
  }

  @Override
  public void close() {
    holder.destroyForcibly();
  }
}
