package dev.weir.admin;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpMethod;
import org.apache.pekko.http.javadsl.model.HttpMethods;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.Query;
import org.apache.pekko.http.javadsl.model.RequestEntityAcceptances;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.Host;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.settings.ParserSettings;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.japi.Pair;
import scala.concurrent.duration.Duration;

/**
 * The health port: {@code /health} (ready, with what degrades it), {@code /live} (the canary),
 * {@code /metrics} (Prometheus) and, for loopback only, {@code /debug/threads|connections|memory}.
 */
public final class HealthServer {
  /** Stands for the host of requests that name none, which balancers' probes do. */
  private static final String NO_HOST = "unnamed.invalid";

  private static final HttpMethod PURGE =
      HttpMethods.custom("PURGE", false, true, RequestEntityAcceptances.Tolerated);

  private static final String NO_URL =
      "url= must be an absolute http or https URL, and header= NAME:VALUE\n";

  private static final Set<String> CARE_TASKS = Set.of("gc", "fsck");

  private final ActorSystem system;
  private final AdminSettings settings;
  private final Readiness readiness;
  private final Canary canary;
  private final Metrics metrics;
  private final DebugPages debug;
  private final Operations operations;
  private final OperatorAccess access;
  private final BreakerPages breakers;

  public HealthServer(
      ActorSystem system,
      AdminSettings settings,
      Readiness readiness,
      Canary canary,
      Metrics metrics,
      DebugPages debug,
      Operations operations) {
    this.system = system;
    this.settings = settings;
    this.readiness = readiness;
    this.canary = canary;
    this.metrics = metrics;
    this.debug = debug;
    this.operations = operations;
    this.access = new OperatorAccess(settings.token());
    this.breakers = new BreakerPages(operations, settings.maxBanSeconds());
  }

  public CompletionStage<ServerBinding> bind(InetSocketAddress address) {
    ServerSettings defaults = ServerSettings.create(system);
    var purge = Duration.fromNanos(TimeUnit.MILLISECONDS.toNanos(settings.purgeTimeoutMillis()));
    ServerSettings server =
        defaults
            .withRemoteAddressAttribute(true)
            // Probes of balancers speak HTTP/1.0, often without a Host.
            .withDefaultHostHeader(Host.create(NO_HOST))
            .withMaxConnections(settings.maxConnections())
            .withTimeouts(
                defaults
                    .getTimeouts()
                    .withRequestTimeout(purge)
                    // Who waits for a purge says nothing meanwhile, and nothing is said.
                    .withIdleTimeout(purge.plus(defaults.getTimeouts().idleTimeout())))
            .withParserSettings(
                ParserSettings.forServer(system)
                    .withMaxUriLength(settings.maxTargetBytes())
                    .withCustomMethods(PURGE));
    return Http.get(system)
        .newServerAt(address.getHostString(), address.getPort())
        .withSettings(server)
        .bind(this::answer);
  }

  private CompletionStage<HttpResponse> answer(HttpRequest request) {
    request.discardEntityBytes(system);
    String target = request.getUri().path();
    if (target.equals("/purge")) {
      return purge(request);
    }
    if (target.equals("/policy/reload")) {
      return reload(request);
    }
    if (target.equals("/care")) {
      return done(care(request));
    }
    if (target.equals("/breakers") || target.startsWith("/breakers/")) {
      return done(mayOperate(request) ? breakers.answer(request) : refused());
    }
    if (!request.method().equals(HttpMethods.GET) && !request.method().equals(HttpMethods.HEAD)) {
      return done(text(405, "only GET and HEAD here\n"));
    }
    String path = request.getUri().path();
    return switch (path) {
      case "/health" -> readiness.report().thenApply(this::health);
      case "/live" -> done(live());
      case "/metrics" -> done(metricsPage());
      case "/cluster" ->
          mayOperate(request)
              ? operations.cluster().thenApply(page -> json(200, page))
              : done(refused());
      case "/policy" -> done(mayOperate(request) ? json(200, operations.rules()) : refused());
      case "/cache/show", "/cache/list" ->
          mayOperate(request) ? look(request, path) : done(refused());
      case "/debug/threads", "/debug/connections", "/debug/memory" -> done(debug(request, path));
      default -> done(text(404, "here are /health, /live, /metrics and /debug/...\n"));
    };
  }

  private HttpResponse health(Readiness.Report report) {
    return switch (report) {
      case Readiness.Report.Ready() -> json(200, "{\"status\":\"ready\"}");
      case Readiness.Report.Degraded(var reasons) ->
          json(
              settings.degradedIsUnready() ? 503 : 200,
              reasons.stream()
                  .map(HealthServer::quoted)
                  .collect(
                      Collectors.joining(",", "{\"status\":\"degraded\",\"reasons\":[", "]}")));
      case Readiness.Report.Unready(String reason) ->
          json(503, "{\"status\":\"unready\",\"reasons\":[" + quoted(reason) + "]}");
    };
  }

  private HttpResponse live() {
    Optional<String> wedged = canary.wedged();
    return wedged.isEmpty()
        ? json(200, "{\"status\":\"alive\"}")
        : json(503, "{\"status\":\"wedged\",\"reasons\":[" + quoted(wedged.get()) + "]}");
  }

  private HttpResponse metricsPage() {
    return HttpResponse.create()
        .withStatus(StatusCodes.OK)
        .withEntity(
            MediaTypes.customWithOpenCharset("text", "plain", Map.of("version", "0.0.4"), false)
                .toContentType(HttpCharsets.UTF_8),
            metrics.scrape());
  }

  private CompletionStage<HttpResponse> purge(HttpRequest request) {
    if (!request.method().equals(PURGE)) {
      return done(
          text(405, "PURGE /purge?url=URL\n").addHeader(RawHeader.create("Allow", "PURGE")));
    }
    if (!mayOperate(request)) {
      return done(refused());
    }
    Query query = request.getUri().query();
    return operations
        .purge(query.get("url").orElse(""), fields(query))
        .thenApply(
            purged ->
                switch (purged) {
                  case DONE -> text(200, "purged\n");
                  case NOTHING -> text(404, "nothing of that URL was stored\n");
                  case INCOMPLETE ->
                      text(
                          500,
                          "not every node has acknowledged, or the store failed: purge again\n");
                  case NOT_A_URL -> text(400, NO_URL);
                });
  }

  private CompletionStage<HttpResponse> reload(HttpRequest request) {
    if (!request.method().equals(HttpMethods.POST)) {
      return done(text(405, "POST /policy/reload\n").addHeader(RawHeader.create("Allow", "POST")));
    }
    if (!mayOperate(request)) {
      return done(refused());
    }
    // Files are read: not on a thread that carries streams.
    return CompletableFuture.supplyAsync(
            operations::reloadRules, task -> Thread.ofVirtual().start(task))
        .thenApply(done -> text(done.good() ? 200 : 422, done.words() + "\n"));
  }

  private CompletionStage<HttpResponse> look(HttpRequest request, String path) {
    Query query = request.getUri().query();
    CompletionStage<Operations.Look> looked =
        path.equals("/cache/show")
            ? operations.show(query.get("url").orElse(""), fields(query))
            : operations.list(
                query.get("host").orElse(""), query.get("after").orElse(""), limit(query));
    return looked.thenApply(
        look ->
            switch (look) {
              case Operations.Look.Found(String json) -> json(200, json);
              case Operations.Look.Nothing() -> text(404, "nothing of that URL is stored\n");
              case Operations.Look.NotAUrl() -> text(400, NO_URL);
              case Operations.Look.Failed(String reason) -> text(503, reason + "\n");
            });
  }

  /** In the order in which they were given. */
  private static List<String> fields(Query query) {
    return query.toList().stream()
        .filter(parameter -> parameter.first().equals("header"))
        .map(Pair::second)
        .toList();
  }

  private static int limit(Query query) {
    try {
      return Integer.parseInt(query.get("limit").orElse("100"));
    } catch (NumberFormatException none) {
      return 1;
    }
  }

  private HttpResponse care(HttpRequest request) {
    if (!mayOperate(request)) {
      return refused();
    }
    if (request.method().equals(HttpMethods.GET)) {
      return json(200, operations.careStatus());
    }
    String task = request.getUri().query().get("task").orElse("");
    if (!request.method().equals(HttpMethods.POST) || !CARE_TASKS.contains(task)) {
      return text(405, "POST /care?task=gc or task=fsck, GET /care\n");
    }
    Set<String> options =
        request.getUri().query().toMultiMap().entrySet().stream()
            .filter(option -> option.getValue().contains("true"))
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    return operations.care(task, options)
        ? text(202, "begun\n")
        : text(409, "a collection or check is under way already\n");
  }

  private boolean mayOperate(HttpRequest request) {
    return access.allows(sender(request));
  }

  private static HttpResponse refused() {
    return text(
        403,
        "from the machine itself by its address or as localhost, and not from a page in a browser;"
            + " or with `Authorization: Bearer` and the fleet's secret\n");
  }

  private static OperatorAccess.Sender sender(HttpRequest request) {
    boolean loopback =
        request
            .getAttribute(AttributeKeys.remoteAddress)
            .flatMap(remote -> remote.getAddress())
            .map(InetAddress::isLoopbackAddress)
            .orElse(false);
    String host = request.getUri().host().address();
    return new OperatorAccess.Sender(
        loopback,
        host.equals(NO_HOST) && request.getHeader("Host").isEmpty() ? "" : host,
        request.getHeader("Origin").map(HttpHeader::value).orElse(null),
        request.getHeader("Authorization").map(HttpHeader::value).orElse(null));
  }

  private HttpResponse debug(HttpRequest request, String path) {
    if (!sender(request).isOwnMachine()) {
      return text(403, "debug pages answer loopback only; ask from the machine itself\n");
    }
    return switch (path) {
      case "/debug/threads" -> text(200, DebugPages.threads());
      case "/debug/memory" -> text(200, DebugPages.memory());
      default -> text(200, debug.connections());
    };
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> json.append('\\').append(c);
        default -> json.append(c < ' ' ? ' ' : c);
      }
    }
    return json.append('"').toString();
  }

  static HttpResponse json(int status, String body) {
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(ContentTypes.APPLICATION_JSON, body + "\n");
  }

  static HttpResponse text(int status, String body) {
    return HttpResponse.create().withStatus(status).withEntity(ContentTypes.TEXT_PLAIN_UTF8, body);
  }

  private static CompletionStage<HttpResponse> done(HttpResponse response) {
    return CompletableFuture.completedFuture(response);
  }
}
