package dev.weir.store.elastic;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertPathBuilderException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.settings.ClientConnectionSettings;
import org.apache.pekko.http.javadsl.settings.ConnectionPoolSettings;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.SystemMaterializer;

/**
 * Requests to one server over pools of its own: reads and writes have one each, so that a slow bulk
 * never keeps a lookup waiting. Every request has a time; a connection that stays silent is closed
 * by the idle timeout. Nothing is retried here, and bodies are bounded.
 */
final class ElasticTransport {
  private static final int QUOTED_CHARS = 200;

  private final Http http;
  private final Materializer materializer;
  private final String base;
  private final List<HttpHeader> headers;
  private final HttpsConnectionContext tls;
  private final ConnectionPoolSettings reads;
  private final ConnectionPoolSettings writes;
  private final long maxResponseBytes;

  /** Which pool. */
  enum Pool {
    READS,
    WRITES
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Reply(int status, byte[] body) {
    boolean isSuccess() {
      return status >= 200 && status < 300;
    }

    /** The beginning of the body, for messages. */
    String quoted() {
      return new String(body, 0, Math.min(body.length, QUOTED_CHARS), StandardCharsets.ISO_8859_1);
    }
  }

  ElasticTransport(ActorSystem system, ElasticSettings settings) {
    this.http = Http.get(system);
    this.materializer = SystemMaterializer.get(system).materializer();
    this.base = settings.url().toString();
    this.headers = headers(settings.credentials());
    this.tls =
        settings
            .trustFile()
            .map(file -> ConnectionContext.httpsClient(trusting(file)))
            .orElseGet(http::defaultClientHttpsContext);
    this.reads = pool(system, settings.connections(), settings.reads());
    this.writes = pool(system, settings.connections(), settings.writes());
    this.maxResponseBytes = settings.connections().maxResponse();
  }

  private static List<HttpHeader> headers(ElasticSettings.Credentials credentials) {
    List<HttpHeader> all = new ArrayList<>();
    all.add(RawHeader.create("Accept", "application/json"));
    all.add(RawHeader.create("User-Agent", "weir"));
    authorization(credentials).ifPresent(all::add);
    return List.copyOf(all);
  }

  private static Optional<HttpHeader> authorization(ElasticSettings.Credentials credentials) {
    return switch (credentials) {
      case ElasticSettings.Credentials.None _ -> Optional.empty();
      case ElasticSettings.Credentials.Basic(String user, String password) ->
          Optional.of(RawHeader.create("Authorization", "Basic " + base64(user + ":" + password)));
      case ElasticSettings.Credentials.ApiKey(String key) ->
          Optional.of(
              RawHeader.create(
                  "Authorization", "ApiKey " + (key.contains(":") ? base64(key) : key)));
    };
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** The certificates of a PEM file, and no others. */
  private static SSLContext trusting(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int count = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("ca" + count++, each);
      }
      if (count == 0) {
        throw new IllegalArgumentException("elasticsearch-ca: no certificate in " + file + ".");
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "elasticsearch-ca: cannot use " + file + ": " + e.getMessage() + ".", e);
    }
  }

  private static ConnectionPoolSettings pool(
      ActorSystem system, ElasticSettings.Connections all, ElasticSettings.Lane lane) {
    Duration idle = Duration.ofMillis(Math.max(all.idleTimeoutMillis(), lane.timeoutMillis()));
    ClientConnectionSettings connection =
        ClientConnectionSettings.create(system)
            .withConnectingTimeout(Duration.ofMillis(all.connectTimeoutMillis()))
            .withIdleTimeout(idle);
    return ConnectionPoolSettings.create(system)
        .withConnectionSettings(connection)
        .withMaxConnections(lane.connections())
        .withMinConnections(0)
        .withMaxOpenRequests(all.maxOpenRequests())
        .withPipeliningLimit(1)
        .withMaxRetries(0)
        .withIdleTimeout(idle.multipliedBy(6));
  }

  /**
   * Sends and reads the answer to its end.
   *
   * @param path begins with a slash, already encoded
   * @param body JSON, or empty for none
   */
  CompletionStage<Reply> send(
      Pool pool, HttpMethod method, String path, byte[] body, long timeoutMillis) {
    HttpRequest request = HttpRequest.create(base + path).withMethod(method).addHeaders(headers);
    if (body.length > 0) {
      request = request.withEntity(ContentTypes.APPLICATION_JSON, body);
    }
    CompletableFuture<Reply> reply =
        http.singleRequest(
                request, tls, pool == Pool.READS ? reads : writes, materializer.system().log())
            .thenCompose(response -> whole(response, timeoutMillis))
            .toCompletableFuture();
    // A copy: when its time is over the original still reads the answer to its end.
    return reply
        .copy()
        .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS)
        .exceptionallyCompose(
            failure -> CompletableFuture.failedStage(failure(failure, timeoutMillis)));
  }

  private CompletionStage<Reply> whole(HttpResponse response, long timeoutMillis) {
    return response
        .entity()
        .toStrict(timeoutMillis, maxResponseBytes, materializer)
        .thenApply(strict -> new Reply(response.status().intValue(), strict.getData().toArray()));
  }

  private static ElasticFailure failure(Throwable failure, long timeoutMillis) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String text =
        root instanceof TimeoutException && root.getMessage() == null
            ? "no answer within " + timeoutMillis + " ms"
            : "not reachable: " + words(root);
    return new ElasticFailure(Trouble.of(Trouble.Kind.UNREACHABLE, text));
  }

  private static String words(Throwable root) {
    if (root instanceof CertPathBuilderException) {
      return "its certificate is of no authority that is trusted (name one by elasticsearch-ca): "
          + root.getMessage();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }
}
