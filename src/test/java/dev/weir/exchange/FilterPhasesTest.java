package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.filters.FilterTerms;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.origin.RawOrigin;
import dev.weir.proxy.filter.CachePolicy;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.proxy.filter.RetryDecision;
import dev.weir.proxy.filter.UpstreamFailure;
import dev.weir.proxy.filter.UpstreamTarget;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The order in which a filter is asked, for each way a request can go. */
@Timeout(120)
class FilterPhasesTest {
  private static final List<String> LOOKED =
      List.of("earlyRequest", "request", "bodies", "cachePolicy", "key", "purge", "lookup");

  @RegisterExtension private final FilterRigs rigs = new FilterRigs(FilterTerms.USUAL);
  private RecordingFilter filter = new RecordingFilter();

  private List<String> phases(int exchange) throws Exception {
    Eventually.holds(() -> filter.ended.size() > exchange);
    return filter.ended.get(exchange);
  }

  private static List<String> joined(List<String> first, String... more) {
    return Stream.concat(first.stream(), Arrays.stream(more)).toList();
  }

  @Test
  void aMissThenAHit() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/a", "max-age=60");

    // When
    rig.get("/a");
    Eventually.holds(rig::nothingRuns);
    rig.get("/a");

    // Then
    assertThat(phases(0))
        .isEqualTo(
            joined(
                LOOKED,
                "miss",
                "beforeUpstream",
                "chooseUpstream",
                "upstreamRequest",
                "connected",
                "upstreamResponse 200",
                "upstreamBody",
                "cacheable true",
                "responseBody",
                "notModified",
                "response 200",
                "response begins",
                "response ends",
                "logging miss"));
    assertThat(phases(1))
        .isEqualTo(
            joined(
                LOOKED,
                "hit",
                "responseBody",
                "notModified",
                "response 200",
                "response begins",
                "response ends",
                "logging fresh"));
  }

  @Test
  void aStaleHitIsValidatedBehindItsBack() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/swr", "max-age=1, stale-while-revalidate=600");
    rig.get("/swr");
    Eventually.holds(rig::nothingRuns);
    rig.pass(10);

    // When
    rig.get("/swr");

    // Then
    assertThat(phases(1))
        .isEqualTo(
            joined(
                LOOKED,
                "hit stale",
                "serveStale WhileRevalidating",
                "responseBody",
                "notModified",
                "response 200",
                "response begins",
                "response ends",
                "logging stale-while-revalidate"));
    Eventually.holds(() -> filter.background.contains("upstreamResponse 304"));
    assertThat(filter.background)
        .containsExactly(
            "bodies",
            "beforeUpstream",
            "chooseUpstream",
            "upstreamRequest",
            "connected",
            "upstreamResponse 304");
  }

  @Test
  void aRevalidatedOne() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/304", "max-age=1, must-revalidate");
    rig.get("/304");
    Eventually.holds(rig::nothingRuns);
    rig.pass(10);

    // When
    rig.get("/304");

    // Then
    assertThat(phases(1))
        .isEqualTo(
            joined(
                LOOKED,
                "hit stale",
                "serveStale WhileRevalidating",
                "beforeUpstream",
                "chooseUpstream",
                "upstreamRequest",
                "connected",
                "upstreamResponse 304",
                "responseBody",
                "notModified",
                "response 200",
                "response begins",
                "response ends",
                "logging revalidated"));
  }

  @Test
  void aFailedOne() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    rig.origin.refuse();

    // When
    Rig.Got got = rig.get("/nobody-there");

    // Then
    assertThat(got.status()).isEqualTo(502);
    assertThat(phases(0))
        .isEqualTo(
            joined(
                LOOKED,
                "miss",
                "beforeUpstream",
                "chooseUpstream",
                "upstreamRequest",
                "connectFailed connect",
                "failToProxy connect",
                "response 502",
                "logging origin-failed"));
  }

  @Test
  void aFailedOneWithSomethingStored() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/sie", "max-age=1, stale-if-error=600");
    rig.get("/sie");
    Eventually.holds(rig::nothingRuns);
    rig.pass(10);
    rig.origin.overrideStatus("/sie", 503);

    // When
    Rig.Got got = rig.get("/sie");

    // Then
    assertThat(got.text()).isEqualTo("0123456789");
    assertThat(phases(1)).containsSubsequence("upstreamResponse 503", "serveStale Answered");
    assertThat(phases(1)).endsWith("logging stale-if-error");
  }

  @Test
  void aRetriedOneThatFailsOver() throws Exception {
    // Given
    try (OriginServer other = OriginServer.start()) {
      FilterRigs.validated(other, "/moved", "max-age=60");
      filter =
          new RecordingFilter() {
            @Override
            public CompletionStage<RetryDecision> connectFailed(
                FilterExchange<List<String>> exchange, UpstreamFailure failure) {
              var _ = super.connectFailed(exchange, failure);
              return CompletableFuture.completedFuture(
                  exchange.attempts() == 1
                      ? RetryDecision.RETRY
                      : new RetryDecision.FailOver(target(other.authority())));
            }
          };
      Rig rig = rigs.of(filter);
      rig.origin.refuse();

      // When
      Rig.Got got = rig.get("/moved");

      // Then
      assertThat(got.text()).isEqualTo("0123456789");
      assertThat(other.seen("/moved").getFirst().header("Host"))
          .isEqualTo("127.0.0.1:" + rig.origin.port());
      assertThat(phases(0))
          .containsSubsequence(
              "chooseUpstream",
              "upstreamRequest",
              "connectFailed connect",
              "chooseUpstream",
              "upstreamRequest",
              "connectFailed connect",
              "upstreamRequest",
              "connected",
              "upstreamResponse 200",
              "logging miss");
    }
  }

  @Test
  void oneThatLosesItsConnectionsAndIsRetried() throws Exception {
    // Given
    filter =
        new RecordingFilter() {
          @Override
          public CompletionStage<RetryDecision> upstreamError(
              FilterExchange<List<String>> exchange, UpstreamFailure failure) {
            var _ = super.upstreamError(exchange, failure);
            return CompletableFuture.completedFuture(RetryDecision.RETRY);
          }
        };
    Rig rig = rigs.of(filter);
    AtomicInteger tries = new AtomicInteger();
    // Weir itself asks once more where no byte has come.
    rig.origin.on(
        "/flaky",
        seen -> tries.incrementAndGet() < 3 ? Answer.drop() : Answer.text(200, "at last"));

    // When
    Rig.Got got = rig.get("/flaky");

    // Then
    assertThat(got.text()).isEqualTo("at last");
    assertThat(phases(0).stream().map(phase -> phase.replaceFirst(" .*", "")))
        .containsSubsequence(
            "beforeUpstream",
            "chooseUpstream",
            "upstreamRequest",
            "connected",
            "upstreamError",
            "chooseUpstream",
            "upstreamRequest",
            "connected",
            "upstreamResponse",
            "response",
            "logging");
  }

  @Test
  void oneWithAnInterimResponse() throws Exception {
    // Given
    try (RawOrigin hinting =
        RawOrigin.answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")) {
      filter =
          new RecordingFilter() {
            @Override
            public CompletionStage<UpstreamTarget> chooseUpstream(
                FilterExchange<List<String>> exchange, UpstreamTarget usual) {
              return super.chooseUpstream(exchange, target(hinting.authority()));
            }
          };

      // When
      Rig.Got got = rigs.of(filter).get("/hints");

      // Then
      assertThat(got.text()).isEqualTo("ok");
      assertThat(phases(0))
          .containsSubsequence(
              "chooseUpstream",
              "upstreamRequest",
              "connected",
              "interim 103",
              "upstreamResponse 200",
              "response 200");
    }
  }

  @Test
  void aVariantIsChosenBeforeTheHitIsTold() throws Exception {
    // Given
    filter =
        new RecordingFilter() {
          @Override
          public Headers vary(
              FilterExchange<List<String>> exchange, List<String> names, Headers fields) {
            note(exchange, "vary " + names);
            return fields;
          }
        };
    Rig rig = rigs.of(filter);
    rig.get("/vary", "Accept-Encoding", "gzip");
    Eventually.holds(rig::nothingRuns);

    // When
    rig.get("/vary", "Accept-Encoding", "gzip");

    // Then
    assertThat(phases(0))
        .containsSubsequence("upstreamBody", "vary [accept-encoding]", "cacheable true");
    assertThat(phases(1))
        .containsSubsequence("lookup", "vary [accept-encoding]", "hit", "response 200");
  }

  @Test
  void oneThatFailsHereIsLeftOutOfTheErrorLogOrSummed() throws Exception {
    // Given
    filter =
        new RecordingFilter() {
          @Override
          public CachePolicy cachePolicy(
              FilterExchange<List<String>> exchange, CachePolicy byRules) {
            return super.cachePolicy(exchange, byRules).named("None of them");
          }

          @Override
          public boolean suppressErrorLog(FilterExchange<List<String>> exchange, String failure) {
            note(exchange, "suppressErrorLog");
            return exchange.request().target().equals("/silent");
          }

          @Override
          public Optional<String> requestSummary(FilterExchange<List<String>> exchange) {
            note(exchange, "requestSummary");
            return Optional.of("of a test");
          }
        };
    Rig rig = rigs.of(filter);

    // When
    rig.get("/silent");
    rig.get("/loud");

    // Then
    assertThat(phases(0))
        .endsWith("cachePolicy", "suppressErrorLog", "response 500", "logging internal-error");
    assertThat(phases(1))
        .endsWith(
            "cachePolicy",
            "suppressErrorLog",
            "requestSummary",
            "response 500",
            "logging internal-error");
  }

  private static UpstreamTarget target(Authority authority) {
    Duration some = Duration.ofSeconds(20);
    return new UpstreamTarget("http", authority, some, some, some);
  }

  @Test
  void aPurge() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/p", "max-age=60");
    rig.get("/p");
    Eventually.holds(rig::nothingRuns);

    // When
    Rig.Got purged = rig.send("PURGE", "/p");
    Rig.Got nothing = rig.send("PURGE", "/p");
    rig.get("/p");

    // Then
    assertThat(purged.status()).isEqualTo(200);
    assertThat(nothing.status()).isEqualTo(404);
    assertThat(rig.origin.count("/p")).isEqualTo(2);
    assertThat(phases(1))
        .containsExactly(
            "earlyRequest",
            "request",
            "bodies",
            "cachePolicy",
            "key",
            "purge",
            "purgeAnswer DONE",
            "response 200",
            "logging purged");
  }

  @Test
  void aRange() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    FilterRigs.validated(rig.origin, "/r", "max-age=60");

    // When
    Rig.Got got = rig.get("/r", "Range", "bytes=2-4");

    // Then
    assertThat(got.status()).isEqualTo(206);
    assertThat(got.text()).isEqualTo("234");
    assertThat(phases(0).subList(0, 8))
        .containsExactly(
            "earlyRequest", "request", "bodies", "range", "cachePolicy", "key", "purge", "lookup");
    assertThat(phases(0))
        .containsSubsequence("upstreamResponse 200", "response 206", "logging miss");
  }

  @Test
  void anUpload() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    rig.origin.on("/up", seen -> Answer.text(200, Long.toString(seen.bodyBytes())));

    // When
    Rig.Got got =
        rig.finish(
            rig.begin(
                "POST",
                "/up",
                HttpEntities.create("twelve bytes".getBytes(StandardCharsets.UTF_8)),
                new CompletableFuture<>()));

    // Then
    assertThat(got.text()).isEqualTo("12");
    assertThat(phases(0))
        .containsSubsequence(
            "purge",
            "beforeUpstream",
            "requestBody",
            "chooseUpstream",
            "upstreamRequest",
            "connected",
            "request begins",
            "request ends",
            "upstreamResponse 200",
            "responseBody",
            "response 200",
            "response ends",
            "logging method");
    assertThat(phases(0)).doesNotContain("lookup", "miss", "hit", "cacheable true");
  }

  @Test
  void anAbortedOne() throws Exception {
    // Given
    Rig rig = rigs.of(filter);
    rig.origin.on(
        "/long",
        seen ->
            Answer.chunked(
                200,
                Headers.of("Cache-Control", "no-store"),
                out -> {
                  byte[] some = new byte[64 * 1024];
                  for (int i = 0; i < 400; i++) {
                    out.write(some, 0, some.length);
                  }
                }));

    // When
    try (var client = rig.begun("/long")) {
      client.head();
      client.read(4096);
    }

    // Then
    assertThat(phases(0)).containsSubsequence("response 200", "response begins");
    assertThat(phases(0).getLast()).startsWith("logging").endsWith("cut");
    assertThat(phases(0)).doesNotContain("response ends");
  }
}
