package dev.weir.wire;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket that hands each accepted one to its server, up to a number of them; above it
 * they wait in the kernel's backlog until one ends. Thread-safe.
 */
public final class SocketListener implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SocketListener.class);

  private final ServerSocketChannel channel;
  private final InetSocketAddress address;
  private final SocketLoop loop;
  private final SocketSettings settings;
  private final Function<SocketChannel, CompletionStage<?>> server;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicBoolean paused = new AtomicBoolean();

  private SocketListener(
      ServerSocketChannel channel,
      InetSocketAddress address,
      SocketSettings settings,
      SocketLoop loop,
      Function<SocketChannel, CompletionStage<?>> server) {
    this.channel = channel;
    this.address = address;
    this.loop = loop;
    this.settings = settings;
    this.server = server;
  }

  /**
   * Listens at once.
   *
   * @param server is given each accepted socket, which it closes; its stage completes when it has
   * @throws IOException if the address cannot be bound, or the given socket cannot be used
   */
  public static SocketListener bind(
      ListenAt at,
      SocketSettings settings,
      SocketLoop loop,
      Function<SocketChannel, CompletionStage<?>> server)
      throws IOException {
    return switch (at) {
      case ListenAt.Address(InetSocketAddress address) -> {
        ServerSocketChannel channel = bound(address, settings);
        InetSocketAddress found = (InetSocketAddress) channel.getLocalAddress();
        yield listening(new SocketListener(channel, found, settings, loop, server));
      }
      case ListenAt.Given(int descriptor) -> {
        GivenSocket given = GivenSocket.open(descriptor);
        yield listening(
            new SocketListener(given.channel(), given.address(), settings, loop, server));
      }
    };
  }

  private static ServerSocketChannel bound(InetSocketAddress address, SocketSettings settings)
      throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      return channel.bind(address, settings.backlog());
    } catch (IOException | RuntimeException refused) {
      channel.close();
      throw refused;
    }
  }

  private static SocketListener listening(SocketListener listener) throws IOException {
    ServerSocketChannel channel = listener.channel;
    try {
      channel.configureBlocking(false);
      listener.loop.watch(channel, SelectionKey.OP_ACCEPT, listener::accept);
      return listener;
    } catch (IOException | RuntimeException refused) {
      channel.close();
      throw refused;
    }
  }

  /** Where it listens, with the port that was found if any was asked for. */
  public InetSocketAddress address() {
    return address;
  }

  private void accept(SelectionKey key) {
    for (int i = 0; i < settings.acceptBatch(); i++) {
      if (open.get() >= settings.maxConnections()) {
        key.interestOps(0);
        paused.set(true);
        resumeIfRoom(key);
        return;
      }
      SocketChannel accepted;
      try {
        accepted = channel.accept();
      } catch (IOException refused) {
        if (channel.isOpen()) {
          LOG.error("no connection can be accepted; trying again", refused);
          pause(key);
        }
        return;
      }
      if (accepted == null) {
        return;
      }
      serve(accepted, key);
    }
  }

  private void pause(SelectionKey key) {
    key.interestOps(0);
    CompletableFuture.delayedExecutor(settings.acceptPauseMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> loop.execute(() -> listen(key)));
  }

  private static void listen(SelectionKey key) {
    if (key.isValid()) {
      key.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  private void serve(SocketChannel accepted, SelectionKey key) {
    try {
      accepted.configureBlocking(false);
      accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
      accepted.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    } catch (IOException gone) {
      SocketLoop.closeQuietly(accepted);
      return;
    }
    open.incrementAndGet();
    server
        .apply(accepted)
        .whenComplete(
            (done, failure) -> {
              open.decrementAndGet();
              if (paused.get()) {
                loop.execute(() -> resumeIfRoom(key));
              }
            });
  }

  private void resumeIfRoom(SelectionKey key) {
    if (open.get() < settings.maxConnections() && paused.compareAndSet(true, false)) {
      listen(key);
    }
  }

  /** Listens no more; what was accepted goes on. */
  @Override
  public void close() {
    loop.closes(channel);
  }
}
