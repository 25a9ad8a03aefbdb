package dev.weir.wire;

import java.net.InetSocketAddress;

/** Where a listener has its socket from. */
public sealed interface ListenAt {
  /** It is bound here; port 0 is any free one. */
  record Address(InetSocketAddress address) implements ListenAt {
    public Address(String host, int port) {
      this(new InetSocketAddress(host, port));
    }
  }

  /**
   * Whoever started this process listens already, and gave it the socket under that number. Closed
   * here it stays open there: clients wait in its backlog for the next process.
   */
  record Given(int descriptor) implements ListenAt {}
}
