package dev.weir.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(path, 0, address, ValueLayout.JAVA_BYTE, 2, path.length);
      MemorySegment message = arena.allocateFrom(state);
      int descriptor = (int) Libc.SOCKET.invokeExact(AF_UNIX, SOCK_DGRAM, 0);
      if (descriptor < 0) {
        return "no socket";
      }
      try {
        long sent =
            (long)
                Libc.SEND_TO.invokeExact(
                    descriptor, message, message.byteSize() - 1, 0, address, 2 + path.length);
        return sent < 0 ? "nobody listens at NOTIFY_SOCKET" : null;
      } finally {
        int _ = (int) Libc.CLOSE.invokeExact(descriptor);
      }
    } catch (Throwable failure) {
      return failure.toString();
    }
  }

  /** Linked only where somebody is told: it takes a part of a start. */
  private static final class Libc {
    static final MethodHandle SOCKET =
        handle(
            "socket",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT));
    static final MethodHandle SEND_TO =
        handle(
            "sendto",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    static final MethodHandle CLOSE =
        handle("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    @SuppressWarnings("restricted") // functions of libc, by their published shapes
    private static MethodHandle handle(String name, FunctionDescriptor shape) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), shape);
    }
  }
}
