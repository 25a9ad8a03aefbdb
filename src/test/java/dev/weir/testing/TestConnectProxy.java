package dev.weir.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A proxy for CONNECT that asks for credentials, and takes every host for one server on loopback;
 * but {@code forbidden.test} it refuses, {@code broken.test} it answers with rubbish, and {@code
 * closed.test} not at all.
 */
public final class TestConnectProxy implements AutoCloseable {
  private final ServerSocket listener;
  private final String authorization;
  private final int server;
  private final List<String> targets = new CopyOnWriteArrayList<>();

  private TestConnectProxy(ServerSocket listener, String authorization, int server) {
    this.listener = listener;
    this.authorization = authorization;
    this.server = server;
  }

  /**
   * Starts one.
   *
   * @param credentials user and password, with a colon between
   * @param server the port of the server that every host is
   */
  public static TestConnectProxy start(String credentials, int server) throws IOException {
    ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    String basic =
        Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.US_ASCII));
    TestConnectProxy proxy = new TestConnectProxy(listener, "Basic " + basic, server);
    Thread.ofVirtual().start(proxy::accept);
    return proxy;
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** What was asked for with good credentials, in order. */
  public List<String> targets() {
    return List.copyOf(targets);
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      OutputStream out = client.getOutputStream();
      StringBuilder head = new StringBuilder();
      while (head.indexOf("\r\n\r\n") < 0) {
        int octet = in.read();
        if (octet < 0) {
          return;
        }
        head.append((char) octet);
      }
      String target = head.substring("CONNECT ".length(), head.indexOf(" HTTP/1.1"));
      if (head.indexOf("Proxy-Authorization: " + authorization + "\r\n") < 0) {
        say(out, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      targets.add(target);
      switch (target.substring(0, target.lastIndexOf(':'))) {
        case "forbidden.test" -> say(out, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        case "broken.test" -> say(out, "SSH-2.0-nothing like it\r\n\r\n");
        case "closed.test" -> {
          // nothing is said
        }
        default -> join(client, in, out);
      }
    } catch (IOException gone) {
      // its client has had enough
    }
  }

  private void join(Socket client, InputStream in, OutputStream out) throws IOException {
    try (Socket there = new Socket(InetAddress.getLoopbackAddress(), server)) {
      say(out, "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
      Thread up =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      in.transferTo(there.getOutputStream());
                      there.shutdownOutput();
                    } catch (IOException gone) {
                      // the other way tells
                    }
                  });
      there.getInputStream().transferTo(out);
      client.shutdownOutput();
      up.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
