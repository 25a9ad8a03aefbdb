package dev.weir.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Debian's {@code docker-registry}, and before it a front that speaks TLS and wants tokens as
 * public registries do: anybody gets one for repositories below {@code open/}, for others its one
 * user does.
 */
public final class GuardedRegistry implements AutoCloseable {
  /** A name of the front beside localhost, for clients that ask no proxy for that. */
  public static final String NAME = "registry.example";

  private static final List<String> CARRIED =
      List.of("Content-Type", "Docker-Content-Digest", "Etag", "Cache-Control", "Content-Length");

  private final Process registry;
  private final HttpsServer front;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final int plainPort;
  private final String basic;
  private final AtomicInteger blobs = new AtomicInteger();

  private GuardedRegistry(Process registry, HttpsServer front, int plainPort, String user) {
    this.registry = registry;
    this.front = front;
    this.plainPort = plainPort;
    this.basic =
        "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Starts both, with what the registry keeps below that folder.
   *
   * @param user as {@code name:password}
   */
  public static GuardedRegistry start(Path folder, TestCa authority, String user) throws Exception {
    int plainPort;
    try (ServerSocket free = new ServerSocket(0)) {
      plainPort = free.getLocalPort();
    }
    Path config =
        Files.writeString(
            folder.resolve("registry.yml"),
            """
            version: 0.1
            log: { level: warn }
            storage:
              filesystem: { rootdirectory: %s }
            http: { addr: "127.0.0.1:%d" }
            """
                .formatted(folder.resolve("registry"), plainPort));
    Process registry =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    Eventually.holds(() -> accepts(plainPort));
    HttpsServer front = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    front.setHttpsConfigurator(
        new HttpsConfigurator(authority.context(NAME, "localhost", "127.0.0.1")));
    front.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    GuardedRegistry guarded = new GuardedRegistry(registry, front, plainPort, user);
    front.createContext("/v2/", guarded::answer);
    front.createContext("/token", guarded::token);
    front.start();
    return guarded;
  }

  /** Of the front. */
  public int port() {
    return front.getAddress().getPort();
  }

  /** Of the registry itself, which takes images without asking. */
  public int plainPort() {
    return plainPort;
  }

  /** How many GETs of blobs have got through. */
  public int blobsAsked() {
    return blobs.get();
  }

  @Override
  public void close() {
    front.stop(0);
    registry.destroyForcibly().onExit().join();
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private void answer(HttpExchange asked) throws IOException {
    try (asked) {
      String path = asked.getRequestURI().getRawPath();
      String repository = path.replaceFirst("^/v2/", "").replaceFirst("/[^/]+/[^/]+$", "");
      String token = "Bearer token-of-" + repository;
      if (!token.equals(asked.getRequestHeaders().getFirst("Authorization"))) {
        String scope = repository.isEmpty() ? "" : ",scope=\"repository:" + repository + ":pull\"";
        asked
            .getResponseHeaders()
            .set(
                "WWW-Authenticate",
                "Bearer realm=\"https://%s/token\",service=\"tests\"%s"
                    .formatted(asked.getRequestHeaders().getFirst("Host"), scope));
        asked.sendResponseHeaders(401, -1);
        return;
      }
      if (path.contains("/blobs/") && asked.getRequestMethod().equals("GET")) {
        blobs.incrementAndGet();
      }
      relay(asked, path);
    }
  }

  private void relay(HttpExchange asked, String path) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plainPort + path))
            .method(asked.getRequestMethod(), HttpRequest.BodyPublishers.noBody());
    for (String name : List.of("Accept", "If-None-Match")) {
      asked
          .getRequestHeaders()
          .getOrDefault(name, List.of())
          .forEach(value -> request.header(name, value));
    }
    HttpResponse<byte[]> answer;
    try {
      answer = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    } catch (InterruptedException interrupted) {
      throw new IOException(interrupted);
    }
    for (String name : CARRIED) {
      answer
          .headers()
          .firstValue(name)
          .ifPresent(value -> asked.getResponseHeaders().set(name, value));
    }
    byte[] body = answer.body();
    asked.sendResponseHeaders(answer.statusCode(), body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      try (OutputStream out = asked.getResponseBody()) {
        out.write(body);
      }
    }
  }

  private void token(HttpExchange asked) throws IOException {
    try (asked) {
      String query =
          URLDecoder.decode(
              String.valueOf(asked.getRequestURI().getRawQuery()), StandardCharsets.UTF_8);
      String repository = query.replaceFirst("^.*repository:", "").replaceFirst(":pull.*$", "");
      boolean known = basic.equals(asked.getRequestHeaders().getFirst("Authorization"));
      if (!known && !repository.startsWith("open/")) {
        asked.sendResponseHeaders(401, -1);
        return;
      }
      byte[] body =
          "{\"token\":\"token-of-%s\",\"expires_in\":300}"
              .formatted(repository)
              .getBytes(StandardCharsets.UTF_8);
      asked.getResponseHeaders().set("Content-Type", "application/json");
      asked.sendResponseHeaders(200, body.length);
      asked.getResponseBody().write(body);
    }
  }
}
