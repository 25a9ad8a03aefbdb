package dev.weir.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Stands in front of a search server and does to its answers what a bad day does. */
public final class SearchFaults implements AutoCloseable {
  /** What happens to requests from now on. */
  public enum Fault {
    NONE,
    /** Each answer comes three seconds late. */
    SLOW,
    ERROR_500,
    UNAVAILABLE_503,
    BUSY_429,
    /** The answer ends in the middle. */
    RESET_MID_BODY,
    /** The answer is no JSON. */
    GARBAGE,
    /** What was asked is done, and then the connection is closed without an answer. */
    LOST_ANSWER
  }

  private final HttpServer server;
  private final URI target;
  private final HttpClient http = HttpClient.newHttpClient();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final AtomicInteger requests = new AtomicInteger();
  private volatile Fault fault = Fault.NONE;
  private volatile @Nullable String authorization;
  private final AtomicInteger times = new AtomicInteger();

  private SearchFaults(HttpServer server, URI target) {
    this.server = server;
    this.target = target;
  }

  public static SearchFaults before(URI target) throws IOException {
    return start(HttpServer.create(loopback(), 100), target);
  }

  /** As before, over TLS, and only for whom says this {@code Authorization}. */
  public static SearchFaults guarded(URI target, SSLContext tls, String authorization)
      throws IOException {
    HttpsServer server = HttpsServer.create(loopback(), 100);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    SearchFaults guard = start(server, target);
    guard.authorization = authorization;
    return guard;
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static SearchFaults start(HttpServer server, URI target) {
    SearchFaults faults = new SearchFaults(server, target);
    server.createContext("/", faults::serve);
    server.setExecutor(faults.threads);
    server.start();
    return faults;
  }

  public URI url() {
    String scheme = server instanceof HttpsServer ? "https" : "http";
    return URI.create(scheme + "://127.0.0.1:" + server.getAddress().getPort());
  }

  public void set(Fault now) {
    set(now, Integer.MAX_VALUE);
  }

  /** As set, but only for the next so many requests. */
  public void set(Fault now, int requests) {
    times.set(requests);
    fault = now;
  }

  /** Requests that have come. */
  public int requests() {
    return requests.get();
  }

  private void serve(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    Fault now = times.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? fault : Fault.NONE;
    byte[] asked = exchange.getRequestBody().readAllBytes();
    try (exchange) {
      String said = exchange.getRequestHeaders().getFirst("Authorization");
      if (authorization != null && !authorization.equals(said)) {
        error(exchange, 401, "security_exception");
        return;
      }
      switch (now) {
        case NONE -> pass(exchange, asked, 1.0);
        case SLOW -> {
          Thread.sleep(3_000);
          pass(exchange, asked, 1.0);
        }
        case ERROR_500 -> error(exchange, 500, "illegal_state_exception");
        case UNAVAILABLE_503 -> error(exchange, 503, "unavailable_shards_exception");
        case BUSY_429 -> error(exchange, 429, "es_rejected_execution_exception");
        case RESET_MID_BODY -> pass(exchange, asked, 0.5);
        case GARBAGE -> answer(exchange, 200, "<html>it works!</html>".getBytes(), 1.0);
        case LOST_ANSWER -> ask(exchange, asked);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private HttpResponse<byte[]> ask(HttpExchange exchange, byte[] body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(target.resolve(exchange.getRequestURI().toString()))
            .header("Content-Type", "application/json")
            .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body))
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  private void pass(HttpExchange exchange, byte[] asked, double part)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = ask(exchange, asked);
    answer(exchange, answer.statusCode(), answer.body(), part);
  }

  private static void error(HttpExchange exchange, int status, String type) throws IOException {
    String text =
        "{\"error\":{\"type\":\"%s\",\"reason\":\"a test\"},\"status\":%d}".formatted(type, status);
    answer(exchange, status, text.getBytes(StandardCharsets.UTF_8), 1.0);
  }

  private static void answer(HttpExchange exchange, int status, byte[] body, double part)
      throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body, 0, (int) (body.length * part));
    exchange.getResponseBody().flush();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
