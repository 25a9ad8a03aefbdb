package dev.weir.tls;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** Two engines joined in memory. */
final class Handshake {
  private final SSLEngine client;
  private final SSLEngine server;
  private final ByteBuffer toServer = ByteBuffer.allocate(1 << 17);
  private final ByteBuffer toClient = ByteBuffer.allocate(1 << 17);

  private Handshake(SSLEngine client, SSLEngine server) {
    this.client = client;
    this.server = server;
  }

  /** Runs the handshake and one byte each way, so that session tickets have arrived. */
  static void run(SSLEngine client, SSLEngine server) throws SSLException {
    new Handshake(client, server).run();
  }

  private void run() throws SSLException {
    client.beginHandshake();
    server.beginHandshake();
    for (int round = 0; round < 100; round++) {
      boolean moved = step(client, toServer, toClient) | step(server, toClient, toServer);
      if (!moved) {
        break;
      }
    }
    if (isRunning(client) || isRunning(server)) {
      throw new SSLException("the handshake stands still");
    }
    exchange(server, client, toClient);
    exchange(client, server, toServer);
  }

  private static boolean isRunning(SSLEngine engine) {
    return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
  }

  private static boolean step(SSLEngine engine, ByteBuffer out, ByteBuffer in) throws SSLException {
    boolean moved = false;
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> {
          for (Runnable task; (task = engine.getDelegatedTask()) != null; ) {
            task.run();
          }
        }
        case NEED_WRAP -> {
          SSLEngineResult result = engine.wrap(ByteBuffer.allocate(0), out);
          if (result.bytesProduced() == 0) {
            return moved;
          }
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN, NOT_HANDSHAKING -> {
          if (!take(engine, in)) {
            return moved;
          }
        }
      }
      moved = true;
    }
  }

  private static boolean take(SSLEngine engine, ByteBuffer in) throws SSLException {
    in.flip();
    try {
      if (!in.hasRemaining()) {
        return false;
      }
      int before = in.remaining();
      engine.unwrap(in, ByteBuffer.allocate(1 << 15));
      return in.remaining() < before;
    } finally {
      in.compact();
    }
  }

  private static void exchange(SSLEngine from, SSLEngine to, ByteBuffer wire) throws SSLException {
    from.wrap(ByteBuffer.wrap(new byte[] {42}), wire);
    ByteBuffer plain = ByteBuffer.allocate(1 << 15);
    wire.flip();
    while (wire.hasRemaining() && plain.position() == 0) {
      to.unwrap(wire, plain);
    }
    wire.compact();
    if (plain.position() != 1) {
      throw new SSLException("the byte did not arrive");
    }
  }
}
