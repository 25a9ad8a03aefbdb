package dev.weir.tls;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

/**
 * A small HTTPS server on 127.0.0.1 whose connections are engines of the caller's: answers every
 * request head with the same text and closes.
 */
public final class EngineServer implements AutoCloseable {
  private final ServerSocketChannel listener;
  private final Supplier<SSLEngine> engines;
  private final List<String> failures = new CopyOnWriteArrayList<>();

  public EngineServer(Supplier<SSLEngine> engines) throws IOException {
    this.engines = engines;
    this.listener =
        ServerSocketChannel.open()
            .bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
    Thread.ofVirtual().name("engine-server").start(this::acceptAll);
  }

  public int port() throws IOException {
    return ((InetSocketAddress) listener.getLocalAddress()).getPort();
  }

  /** What went wrong on connections so far. */
  public List<String> failures() {
    return List.copyOf(failures);
  }

  private void acceptAll() {
    while (listener.isOpen()) {
      try {
        SocketChannel channel = listener.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      new Connection(channel, engines.get()).serve();
    } catch (IOException | RuntimeException e) {
      failures.add(e.toString());
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }

  private static final class Connection {
    private static final byte[] ANSWER =
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n"
            .getBytes(StandardCharsets.US_ASCII);

    private final SocketChannel channel;
    private final SSLEngine engine;
    private final ByteBuffer in = ByteBuffer.allocate(1 << 16).flip();
    private final ByteBuffer out = ByteBuffer.allocate(1 << 16);
    private final ByteBuffer plain = ByteBuffer.allocate(1 << 17);

    Connection(SocketChannel channel, SSLEngine engine) {
      this.channel = channel;
      this.engine = engine;
    }

    void serve() throws IOException {
      engine.beginHandshake();
      while (!headIsComplete()) {
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
          send(ByteBuffer.allocate(0));
        } else if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
          engine.getDelegatedTask().run();
        } else if (!receive()) {
          return;
        }
      }
      ByteBuffer answer = ByteBuffer.wrap(ANSWER);
      while (answer.hasRemaining()) {
        send(answer);
      }
      engine.closeOutbound();
      send(ByteBuffer.allocate(0));
    }

    private boolean headIsComplete() {
      return new String(plain.array(), 0, plain.position(), StandardCharsets.ISO_8859_1)
          .contains("\r\n\r\n");
    }

    private void send(ByteBuffer source) throws IOException {
      out.clear();
      try {
        engine.wrap(source, out);
      } finally {
        out.flip();
        while (out.hasRemaining()) {
          channel.write(out);
        }
      }
    }

    private boolean receive() throws IOException {
      SSLEngineResult result;
      try {
        result = engine.unwrap(in, plain);
      } catch (IOException e) {
        send(ByteBuffer.allocate(0));
        throw e;
      }
      if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
        in.compact();
        int read = channel.read(in);
        in.flip();
        return read >= 0;
      }
      return result.getStatus() == Status.OK;
    }
  }
}
