package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.WeirProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Rules with expressions in a node of its own. */
@Timeout(120)
class ExpressionsIT {
  private static final String RULES =
      """
      rules = [
        { name = tenants, continue = on, match { path-prefix = /policy }
          when = "has(request.headers.tenant) && client.address == '127.0.0.1'"
          key-expression = "request.path + '?' + request.headers.tenant" }
        { name = sorry, match { path-prefix = /cache-control }
          when = "response.status == 200 && response.headers['cache-control'] == 'max-age=77'"
          store = off }
        { name = chosen, match { path-prefix = /policy }
          policy-expression = "request.query.contains('live') ? 'NoCache' : 'NoRefresh'" }
        { name = broken, match { path-prefix = /policy }
          when = "request.headers['x'] == ''", policy = NoCache }
      ]
      """;

  @TempDir private Path folder;

  @Test
  void theyDecidePolicyKeyAndStoring() throws Exception {
    Path rules = Files.writeString(folder.resolve("rules.conf"), RULES);
    try (OriginServer origin = OriginServer.start();
        WeirProcess weir =
            WeirProcess.start(
                folder.resolve("data"),
                "256m",
                "--policy-file=" + rules,
                "--allow-destinations=127.0.0.0/8",
                "--health-port=0")) {
      Curl curl = new Curl(weir.proxyUrl());

      // When
      curl.fetch(origin.url("/policy?a"), "-H", "Tenant: one");
      // Then
      Eventually.holds(() -> curl.fetch(origin.url("/policy?b"), "-H", "Tenant: one").isHit());
      assertThat(curl.fetch(origin.url("/policy?a"), "-H", "Tenant: two").isHit()).isFalse();

      // Then
      assertThat(curl.fetch(origin.url("/policy?live=1")).header("X-Proxy-Policy"))
          .isEqualTo("NoCache");
      assertThat(curl.fetch(origin.url("/policy?kept=1")).header("X-Proxy-Policy"))
          .isEqualTo("NoRefresh");

      // Then
      curl.fetch(origin.url("/cache-control/max-age=78"));
      Eventually.holds(() -> curl.fetch(origin.url("/cache-control/max-age=78")).isHit());
      for (int i = 0; i < 3; i++) {
        assertThat(curl.fetch(origin.url("/cache-control/max-age=77")).isHit()).isFalse();
      }
    }
  }

  @Test
  void whatIsWrongIsToldBeforeTheNodeStartsAndByExplain() throws Exception {
    // Given
    Path bad =
        Files.writeString(
            folder.resolve("bad.conf"),
            "rules = [\n{ name = x, policy = NoCache\n when = \"request.pth == ''\" }\n]");
    Path good = Files.writeString(folder.resolve("good.conf"), RULES);

    // When
    Command.Ended check = WeirProcess.run("policy", "check", bad.toString());
    Command.Ended explained =
        WeirProcess.run(
            "policy",
            "explain",
            "--policy-file=" + good,
            "-H",
            "Tenant: one",
            "--client=127.0.0.1",
            "https://a.example/policy?live");

    // Then
    assertThat(check.exitCode()).isEqualTo(1);
    assertThat(check.out()).contains("bad.conf:3", "rule 'x'", "key 'when'", "request.path");
    assertThat(explained.out())
        .contains(
            "rule      chosen",
            "before    tenants",
            "policy    NoCache",
            "key       https://a.example/policy?one");
  }

  @Test
  void checkJudgesByTheLimitsOfTheConfigurationItIsGiven() throws Exception {
    // Given
    Path rules =
        Files.writeString(
            folder.resolve("costly.conf"),
            """
            rules = [ { name = costly, policy = NoCache, when = "request.path.size() * 2 > 4" } ]
            tests = [ { url = "https://a.example/long", expect { rule = costly } } ]
            """);
    Path tight =
        Files.writeString(folder.resolve("tight.conf"), "weir.rules.expression.max-steps = 1\n");

    // When
    Command.Ended usual = WeirProcess.run("policy", "check", rules.toString());
    Command.Ended limited =
        WeirProcess.run("policy", "check", "--config=" + tight, rules.toString());

    // Then
    assertThat(usual.exitCode()).as(usual.out() + usual.err()).isZero();
    assertThat(limited.exitCode()).as(limited.out() + limited.err()).isEqualTo(1);
    assertThat(limited.out()).contains("0 of 1 tests right");
  }
}
