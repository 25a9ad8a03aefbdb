package dev.weir.testing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ServerSocketFactory;

/**
 * Loopback ports that no earlier origin of this run has had. The kernel gives a free port out again
 * (every tenth of 1500, on Linux), and whatever outlives a test knows its origin by the port:
 * circuit breakers, kept connections, stored responses.
 */
public final class FreshPorts {
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();
  private static final int TRIES = 1000;

  private FreshPorts() {}

  /** A socket that listens on such a port of 127.0.0.1. */
  public static ServerSocket listen(ServerSocketFactory sockets, int backlog) throws IOException {
    for (int tries = 0; tries < TRIES; tries++) {
      ServerSocket socket = sockets.createServerSocket();
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress("127.0.0.1", 0), backlog);
      if (GIVEN.add(socket.getLocalPort())) {
        return socket;
      }
      socket.close();
    }
    throw new IOException("every port has been given out");
  }
}
