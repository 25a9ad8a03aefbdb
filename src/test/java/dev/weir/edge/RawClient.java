package dev.weir.edge;

import dev.weir.wire.TestTls;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSocket;

/** A client that sends what it is told, byte for byte, and reads what comes. */
public final class RawClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;

  private RawClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream());
  }

  public static RawClient connect(int port) {
    try {
      return new RawClient(new Socket("127.0.0.1", port));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Speaks TLS from here on. */
  public RawClient tls(String serverName) {
    return tls(serverName, EdgeFixture.TLS);
  }

  public RawClient tls(String serverName, TestTls trusted) {
    try {
      SSLSocket secured =
          (SSLSocket) trusted.client.getSocketFactory().createSocket(socket, serverName, 443, true);
      var parameters = secured.getSSLParameters();
      boolean name = !serverName.matches("[0-9.:]+");
      parameters.setServerNames(name ? List.of(new SNIHostName(serverName)) : List.of());
      parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
      secured.setSSLParameters(parameters);
      secured.startHandshake();
      return new RawClient(secured);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  public RawClient connectTo(String authority) {
    send("CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n");
    String head = head();
    if (!head.startsWith("HTTP/1.1 200 ")) {
      throw new IllegalStateException(head);
    }
    return this;
  }

  public RawClient send(String text) {
    return send(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawClient send(byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
      socket.getOutputStream().flush();
      return this;
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  public RawClient endOutput() {
    try {
      socket.shutdownOutput();
      return this;
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Up to and including the empty line; empty at the end of the stream. */
  public String head() {
    StringBuilder head = new StringBuilder();
    try {
      while (head.indexOf("\r\n\r\n") < 0) {
        int octet = in.read();
        if (octet < 0) {
          return head.toString();
        }
        head.append((char) octet);
      }
      return head.toString();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** A response with Content-Length: its head and body. */
  public String response() {
    String head = head();
    String lower = head.toLowerCase(java.util.Locale.ROOT);
    int at = lower.indexOf("content-length: ");
    if (at < 0) {
      return head;
    }
    int length = Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
    return head + read(length);
  }

  public String read(int bytes) {
    try {
      return new String(in.readNBytes(bytes), StandardCharsets.ISO_8859_1);
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Everything up to the end; an UncheckedIOException if the connection is cut. */
  public byte[] rest() {
    try {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      in.transferTo(all);
      return all.toByteArray();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /** Whether the connection has ended, cleanly or not. */
  public boolean ended() {
    try {
      return in.read() < 0;
    } catch (IOException cut) {
      return true;
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
