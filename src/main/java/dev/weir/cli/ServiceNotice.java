package dev.weir.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.weir.wire.LibcFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd what becomes of this service (sd_notify(3)): one datagram to the socket that {@code
 * NOTIFY_SOCKET} names. The JDK has no datagrams over Unix sockets, so libc is called. Without the
 * variable nothing is done; a notice that cannot be sent is told to the log and is no failure.
 */
final class ServiceNotice {
  static final String READY = "READY=1";
  static final String STOPPING = "STOPPING=1";

  private static final Logger LOG = LoggerFactory.getLogger(ServiceNotice.class);
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;

  /** Of {@code sockaddr_un}, after the two bytes of the family. */
  private static final int MAX_PATH_BYTES = 108;

  private ServiceNotice() {}

  /** Sends the state to whom the environment names, if it does. */
  static void send(String state) {
    String socket = System.getenv("NOTIFY_SOCKET");
    if (socket == null || socket.isEmpty()) {
      return;
    }
    String failure = send(socket, state);
    if (failure != null) {
      LOG.warn("systemd was not told {}: {}", state, failure);
    }
  }

  /**
   * Sends the state to that socket; a name that begins with {@code @} is an abstract one. Null when
   * it has been sent, else why not.
   */
  static @Nullable String send(String socket, String state) {
    byte[] path = socket.getBytes(StandardCharsets.UTF_8);
    if (path.length >= MAX_PATH_BYTES) {
      return "the name of the socket is too long";
    }
    if (path[0] == '@') {
      path[0] = 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(2 + MAX_PATH_BYTES, 2);
      address.set(JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(path, 0, address, JAVA_BYTE, 2, path.length);
      MemorySegment message = arena.allocateFrom(state);
      int descriptor = (int) Libc.SOCKET.call(AF_UNIX, SOCK_DGRAM, 0);
      if (descriptor < 0) {
        return "no socket";
      }
      try {
        long octets = message.byteSize() - 1;
        long sent = Libc.SEND_TO.call(descriptor, message, octets, 0, address, 2 + path.length);
        return sent < 0 ? "nobody listens at NOTIFY_SOCKET" : null;
      } finally {
        Libc.CLOSE.call(descriptor);
      }
    } catch (RuntimeException | LinkageError failure) {
      return failure.toString();
    }
  }

  /** Loaded only where somebody is told. */
  private static final class Libc {
    static final LibcFunction SOCKET =
        LibcFunction.of("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    static final LibcFunction SEND_TO =
        LibcFunction.of(
            "sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    static final LibcFunction CLOSE = LibcFunction.of("close", JAVA_INT, JAVA_INT);
  }
}
