package dev.weir.testing;

import dev.weir.http.Headers;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A plain HTTP/1.1 client that goes through a proxy, one connection per request, nothing hidden:
 * raw targets, every field, bodies checked against their framing.
 */
public final class ProxyClient {
  private final InetSocketAddress proxy;
  private final @Nullable SSLContext trust;

  public ProxyClient(InetSocketAddress proxy) {
    this(proxy, null);
  }

  /**
   * @param trust for https URLs, which go through CONNECT
   */
  public ProxyClient(InetSocketAddress proxy, @Nullable SSLContext trust) {
    this.proxy = proxy;
    this.trust = trust;
  }

  /** A response read to its end. */
  public record Response(int status, Headers headers, byte[] body) {
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    public String header(String name) {
      String value = headers.combined(name);
      return value == null ? "" : value;
    }

    public boolean isHit() {
      return header("Cache-Status").contains(";hit");
    }
  }

  public Response get(String url, String... fields) throws IOException {
    return send("GET", url, null, fields);
  }

  /** As get, but failures are only told by null. */
  public @Nullable Response tryGet(String url, String... fields) {
    try {
      return get(url, fields);
    } catch (IOException failed) {
      return null;
    }
  }

  /** Asks until the answer is a hit; a commit may be a moment behind its last byte. */
  public Response untilHit(String url, String... fields) throws IOException, InterruptedException {
    for (int tries = 0; tries < 200; tries++) {
      Response response = get(url, fields);
      if (response.isHit()) {
        return response;
      }
      Thread.sleep(25);
    }
    throw new IOException("no hit for " + url);
  }

  public Response send(String method, String url, byte @Nullable [] body, String... fields)
      throws IOException {
    URI uri = URI.create(url);
    try (Socket socket = connect(uri)) {
      boolean tunnelled = url.startsWith("https:");
      String target = tunnelled ? url.substring(url.indexOf('/', 8)) : url;
      StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\n");
      head.append("Host: ").append(uri.getRawAuthority()).append("\r\nConnection: close\r\n");
      for (int i = 0; i < fields.length; i += 2) {
        head.append(fields[i]).append(": ").append(fields[i + 1]).append("\r\n");
      }
      if (body != null) {
        head.append("Content-Length: ").append(body.length).append("\r\n");
      }
      head.append("\r\n");
      socket.getOutputStream().write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
      if (body != null) {
        socket.getOutputStream().write(body);
      }
      return read(new BufferedInputStream(socket.getInputStream(), 64 * 1024), method);
    }
  }

  private Socket connect(URI uri) throws IOException {
    Socket socket = new Socket();
    socket.connect(proxy);
    socket.setSoTimeout(120_000);
    if (!"https".equals(uri.getScheme())) {
      return socket;
    }
    int port = uri.getPort() < 0 ? 443 : uri.getPort();
    String connect =
        "CONNECT %s:%d HTTP/1.1\r\nHost: %s:%d\r\n\r\n"
            .formatted(uri.getHost(), port, uri.getHost(), port);
    socket.getOutputStream().write(connect.getBytes(StandardCharsets.ISO_8859_1));
    String answer = line(socket.getInputStream());
    if (!answer.contains(" 200 ")) {
      throw new IOException("CONNECT was answered: " + answer);
    }
    while (!line(socket.getInputStream()).isEmpty()) {
      // the rest of the head
    }
    if (trust == null) {
      throw new IOException("no trust for https");
    }
    SSLSocket tls =
        (SSLSocket) trust.getSocketFactory().createSocket(socket, uri.getHost(), port, true);
    tls.startHandshake();
    return tls;
  }

  private static Response read(InputStream in, String method) throws IOException {
    String start = line(in);
    int status = Integer.parseInt(start.substring(9, 12));
    Headers.Builder fields = Headers.builder();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      fields.add(line.substring(0, colon), line.substring(colon + 1).strip());
    }
    if (status < 200 && status != 101) {
      return read(in, method);
    }
    Headers headers = fields.build();
    boolean bodiless = "HEAD".equals(method) || status == 204 || status == 304;
    return new Response(status, headers, bodiless ? new byte[0] : body(in, headers));
  }

  private static byte[] body(InputStream in, Headers headers) throws IOException {
    String length = headers.first("Content-Length");
    if (length != null) {
      byte[] body = in.readNBytes(Integer.parseInt(length));
      if (body.length != Integer.parseInt(length)) {
        throw new EOFException("got " + body.length + " of " + length + " bytes");
      }
      return body;
    }
    if (!headers.has("Transfer-Encoding")) {
      return in.readAllBytes();
    }
    var whole = new ByteArrayOutputStream();
    while (true) {
      int size = Integer.parseInt(line(in), 16);
      byte[] chunk = in.readNBytes(size);
      if (chunk.length != size) {
        throw new EOFException("within a chunk");
      }
      whole.write(chunk);
      if (size == 0) {
        while (!line(in).isEmpty()) {
          // trailers
        }
        return whole.toByteArray();
      }
      line(in);
    }
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int octet = in.read(); octet != '\n'; octet = in.read()) {
      if (octet < 0) {
        throw new EOFException("after '" + line + "'");
      }
      if (octet != '\r') {
        line.append((char) octet);
      }
    }
    return line.toString();
  }
}
