package dev.weir.wire;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A listening socket that this process was started with, as a channel. Linux only.
 *
 * <p>The JDK makes a channel of descriptor 0 alone ({@code System.inheritedChannel}), and a node
 * may be given several from 3 upwards. So a channel is opened on a free port of the loopback
 * interface, and its descriptor is made another name of the given socket (dup3(2)): what it was
 * opened on is closed by that, and all the JDK does with the channel from then on it does with the
 * given one. Only its {@code getLocalAddress} still tells of the first.
 */
record GivenSocket(ServerSocketChannel channel, InetSocketAddress address) {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ACCEPTCONN = 30;
  private static final int O_CLOEXEC = 0x80000;

  /** Of {@code sockaddr_in6}, the larger of the two. */
  private static final int ADDRESS_BYTES = 28;

  /**
   * Takes the socket over.
   *
   * @param descriptor ours from here on: it is closed
   * @throws IOException if it is not a listening TCP socket, or cannot be taken over
   */
  static GivenSocket open(int descriptor) throws IOException {
    Bound given = bound(descriptor);
    if (given == null || !listens(descriptor)) {
      throw new IOException("descriptor %d is no listening TCP socket".formatted(descriptor));
    }
    ServerSocketChannel channel;
    try {
      channel = ServerSocketChannel.open(given.family());
    } catch (UnsupportedOperationException ipv4Only) {
      throw new IOException(
          "descriptor %d listens on IPv6, which this JVM was told not to use".formatted(descriptor),
          ipv4Only);
    }
    try {
      channel.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
      int own = descriptorOf((InetSocketAddress) channel.getLocalAddress());
      if (Libc.DUP3.call(descriptor, own, O_CLOEXEC) != own) {
        throw new IOException("descriptor %d cannot be taken over".formatted(descriptor));
      }
      Libc.CLOSE.call(descriptor);
      return new GivenSocket(channel, given.address());
    } catch (IOException | RuntimeException failed) {
      channel.close();
      throw failed;
    }
  }

  /** The number of the one socket of this process that is bound to that address. */
  private static int descriptorOf(InetSocketAddress address) throws IOException {
    try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path entry : open) {
        int descriptor = Integer.parseInt(entry.getFileName().toString());
        Bound bound = bound(descriptor);
        if (bound != null && bound.address().equals(address) && listens(descriptor)) {
          return descriptor;
        }
      }
    }
    throw new IOException("/proc/self/fd does not tell the descriptor of a socket");
  }

  private record Bound(ProtocolFamily family, InetSocketAddress address) {}

  /** Where it is bound; null if it is no socket of the Internet. */
  private static @Nullable Bound bound(int descriptor) throws UnknownHostException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(ADDRESS_BYTES, 4);
      MemorySegment length = arena.allocateFrom(JAVA_INT, ADDRESS_BYTES);
      if (Libc.GET_SOCK_NAME.call(descriptor, name, length) != 0) {
        return null;
      }
      int port = (name.get(JAVA_BYTE, 2) & 0xff) << 8;
      port |= name.get(JAVA_BYTE, 3) & 0xff;
      return switch (name.get(JAVA_SHORT, 0)) {
        case AF_INET -> bound(StandardProtocolFamily.INET, name.asSlice(4, 4), port);
        case AF_INET6 -> bound(StandardProtocolFamily.INET6, name.asSlice(8, 16), port);
        default -> null;
      };
    }
  }

  private static Bound bound(ProtocolFamily family, MemorySegment address, int port)
      throws UnknownHostException {
    InetAddress host = InetAddress.getByAddress(address.toArray(JAVA_BYTE));
    return new Bound(family, new InetSocketAddress(host, port));
  }

  private static boolean listens(int descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(JAVA_INT, 0);
      MemorySegment length = arena.allocateFrom(JAVA_INT, Integer.BYTES);
      return Libc.GET_SOCK_OPT.call(descriptor, SOL_SOCKET, SO_ACCEPTCONN, value, length) == 0
          && value.get(JAVA_INT, 0) == 1;
    }
  }

  /** Loaded only where a socket was given. */
  private static final class Libc {
    static final LibcFunction DUP3 =
        LibcFunction.of("dup3", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    static final LibcFunction CLOSE = LibcFunction.of("close", JAVA_INT, JAVA_INT);
    static final LibcFunction GET_SOCK_NAME =
        LibcFunction.of("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    static final LibcFunction GET_SOCK_OPT =
        LibcFunction.of("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
  }
}
