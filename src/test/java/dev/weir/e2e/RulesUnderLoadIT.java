package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.testing.Answer;
import dev.weir.testing.Command;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.WeirProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node whose rule file is written anew again and again while it is asked as fast as it goes. Each
 * version of the file marks an answer three times, by two rules: by the policy that the answer
 * names, by the address the origin was asked from, which it repeats in its body, and by the key
 * that body is filed under. Half of one version and half of the other would be seen at once, or
 * when a later request finds what was filed under the wrong key.
 */
@Timeout(180)
class RulesUnderLoadIT {
  private static final Marks ONE = new Marks("127.0.0.2", "one", "NoRefresh");
  private static final Marks TWO = new Marks("127.0.0.3", "two", "StaleIfError");

  /** A key of its second rule is misspelt; nothing of its first one may be seen. */
  private static final String BROKEN =
      new Marks("127.0.0.4", "broken", "AlwaysUpstream").rules().replace("policy =", "polcy =");

  private static final int ROUNDS = 24;
  private static final int ANSWERS_PER_ROUND = 40;
  private static final int CLIENTS = 3;

  /** So many requests ask for one URL before the next begins: misses and hits all the time. */
  private static final int ASKED_PER_URL = 4;

  @TempDir private Path folder;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final AtomicInteger answers = new AtomicInteger();
  private OriginServer origin;
  private Path rules;
  private WeirProcess weir;

  /** What one version of the rules leaves on an answer. */
  private record Marks(String from, String key, String policy) {
    String rules() {
      return """
      rules = [
        { name = way, continue = on, match { host = 127.0.0.1 }
          bind = "%s", key { rewrite { find = "/page", to = "/%s" } } }
        { name = verdict, match { host = 127.0.0.1 }, policy = %s }
      ]
      """
          .formatted(from, key, policy);
    }

    String answer() {
      return "200 %s %s".formatted(policy, from);
    }
  }

  @BeforeEach
  void start() throws Exception {
    origin = OriginServer.start();
    origin.on(
        "/page",
        asked -> Answer.text(200, asked.from().getHostAddress(), "Cache-Control", "max-age=3600"));
    rules = folder.resolve("rules.conf");
    replace(ONE.rules());
    Path config = Files.writeString(folder.resolve("weir.conf"), "weir.node.policy-look = 50ms\n");
    weir =
        WeirProcess.start(
            folder.resolve("data"),
            "256m",
            "--config=" + config,
            "--policy-file=" + rules,
            "--allow-destinations=127.0.0.0/8",
            "--health-port=" + TestFleet.freePorts(1).getFirst());
  }

  @AfterEach
  void stop() {
    weir.close();
    origin.close();
    http.close();
  }

  @Test
  void everyAnswerIsOfOneVersionOnly() throws Exception {
    // When
    reloadWhileAsked();

    // Then
    assertThat(seen).containsExactlyInAnyOrder(ONE.answer(), TWO.answer());
  }

  @Test
  void noRequestOfHeyFailsAndNoAnswerIsMixed() throws Exception {
    assumeTrue(Command.isThere("hey"), "hey is not installed");
    // Given
    Path report = folder.resolve("hey.txt");
    Process hey =
        new ProcessBuilder(
                "hey", "-z", "120s", "-c", "4", "-q", "50", "-x", weir.proxyUrl(), url(0))
            .redirectErrorStream(true)
            .redirectOutput(report.toFile())
            .start();
    try {
      // When
      reloadWhileAsked();
      assertThat(Command.of("kill", "-INT", Long.toString(hey.pid())).run().exitCode()).isZero();
      assertThat(hey.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      hey.destroyForcibly();
    }

    // Then
    String said = Files.readString(report);
    assertThat(said).doesNotContain("Error distribution");
    assertThat(Pattern.compile("\\[(\\d+)]\\s+\\d+ responses").matcher(said).results())
        .as(said)
        .map(status -> status.group(1))
        .containsExactly("200");
    assertThat(seen).containsExactlyInAnyOrder(ONE.answer(), TWO.answer());
  }

  /** Plain clients collect answers until the last version is in force. */
  private void reloadWhileAsked() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Stream<Thread> clients =
        IntStream.range(0, CLIENTS).mapToObj(i -> Thread.ofVirtual().start(() -> ask(done)));
    var running = clients.toList();
    try {
      for (int round = 0; round < ROUNDS; round++) {
        if (round % 5 == 2) {
          refused(round == 2);
        }
        replaced(round);
      }
    } finally {
      done.set(true);
      for (Thread client : running) {
        client.join();
      }
    }
  }

  private void ask(AtomicBoolean done) {
    ProxyClient client = new ProxyClient(weir.address());
    while (!done.get()) {
      int number = answers.get();
      try {
        // By turns of a URL that is known for long and of one that is not.
        ProxyClient.Response got = client.get(url(number % 2 == 0 ? 0 : number / ASKED_PER_URL));
        seen.add("%d %s %s".formatted(got.status(), got.header("X-Proxy-Policy"), got.text()));
      } catch (IOException failed) {
        seen.add(failed.toString());
      }
      answers.incrementAndGet();
    }
  }

  /** The other version takes the place of the one in force. */
  private void replaced(int round) throws Exception {
    int before = answers.get();
    replace((round % 2 == 0 ? TWO : ONE).rules());
    if (round == 5) {
      Command.Ended reload = reload();
      assertThat(reload.exitCode()).as(reload.out()).isZero();
    }
    String number = round + 2 + "-";
    Eventually.holds(() -> inForce().path("version").asText().startsWith(number));
    assertThat(inForce().path("problem").isNull()).isTrue();
    Eventually.holds(() -> answers.get() > before + ANSWERS_PER_ROUND);
  }

  /** A broken file is found, told, and changes nothing. */
  private void refused(boolean byCommand) throws Exception {
    int before = answers.get();
    String version = inForce().path("version").asText();
    replace(BROKEN);
    if (byCommand) {
      Command.Ended reload = reload();
      assertThat(reload.exitCode()).isEqualTo(1);
      assertThat(reload.out()).contains("polcy", "stay in force");
    }
    Eventually.holds(() -> inForce().path("problem").asText().contains("polcy"));
    Eventually.holds(() -> answers.get() > before + ANSWERS_PER_ROUND);
    assertThat(inForce().path("version").asText()).isEqualTo(version);
  }

  private Command.Ended reload() throws Exception {
    return WeirProcess.run("policy", "reload", "--admin=http://127.0.0.1:" + weir.healthPort());
  }

  /** By renaming a finished file, as the cookbook says. */
  private void replace(String text) throws IOException {
    Path fresh = Files.writeString(folder.resolve("fresh"), text);
    Files.move(fresh, rules, StandardCopyOption.ATOMIC_MOVE);
  }

  private JsonNode inForce() throws Exception {
    URI page = URI.create("http://127.0.0.1:" + weir.healthPort() + "/policy");
    HttpResponse<String> said =
        http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
    return new ObjectMapper().readTree(said.body());
  }

  private String url(int number) {
    return origin.url("/page?n=" + number);
  }
}
