package dev.weir.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.testing.Command;
import dev.weir.testing.Curl;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import dev.weir.testing.TestDns;
import dev.weir.testing.WeirProcess;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Names whose owner's DNS server answers otherwise each time it is asked: what was judged is not
 * what is there a moment later. The node finds that server through the system's resolver, in a
 * mount namespace of its own with another {@code resolv.conf}.
 */
class MirrorRebindingIT {
  private static final String SERVER = "127.77.53.1";
  private static final String METADATA = "169.254.169.254";
  private static final List<String> OPEN = List.of("127.0.0.1");

  /** Of one request: before anything is done for it, and of what is dialled then. */
  private static final int JUDGEMENTS = 2;

  @TempDir private static Path folder;
  private static TestDns dns;
  private static OriginServer origin;
  private static WeirProcess weir;
  private static Curl curl;

  @BeforeAll
  static void start() throws Exception {
    boolean may =
        Command.isThere("unshare") && Command.of("unshare", "-m", "true").run().exitCode() == 0;
    assumeTrue(may, "mount namespaces are not allowed here");
    try {
      dns = TestDns.start(SERVER, question -> OPEN);
    } catch (SocketException e) {
      assumeTrue(false, "no DNS server may be started here: " + e.getMessage());
    }
    origin = OriginServer.start();
    Path servers = Files.writeString(folder.resolve("resolv.conf"), "nameserver " + SERVER + "\n");
    Path rules =
        Files.writeString(
            folder.resolve("rules.conf"),
            "rules = [ { name = plain, continue = on, match { host-suffix = example },"
                + " mirror-scheme = http } ]");
    Path config =
        Files.writeString(
            folder.resolve("node.conf"),
            "weir.origin.names.keep-millis = 0\nweir.mirror.ports = [%d]\n"
                .formatted(origin.port()));
    weir =
        WeirProcess.startBy(
            List.of(
                "env",
                "JDK_JAVA_OPTIONS=-Dsun.net.inetaddr.ttl=0",
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount --bind " + servers + " /etc/resolv.conf && exec \"$@\"",
                "weir"),
            folder.resolve("data"),
            "256m",
            "--mode=mirror",
            "--policy-file=" + rules,
            "--config=" + config,
            "--mirror-allow-destinations=127.0.0.1:" + origin.port(),
            "--health-port=0");
    curl = new Curl("");
  }

  @AfterAll
  static void stop() {
    if (weir != null) {
      weir.close();
    }
    if (origin != null) {
      origin.close();
    }
    if (dns != null) {
      dns.close();
    }
  }

  @BeforeEach
  void forget() {
    origin.reset();
  }

  @Test
  void theNextRequestIsJudgedAnew() throws Exception {
    // Given
    dns.answer(question -> question < JUDGEMENTS ? OPEN : List.of(METADATA));

    // When
    String first = curl.fetch(there("/policy/x")).text();
    int asked = dns.questions();
    ProxyClient.Response second = curl.fetch(there("/policy/x"));

    // Then
    assertThat(first).contains("version 1 of /policy/x");
    assertThat(asked).as("questions for one request").isEqualTo(JUDGEMENTS);
    assertThat(second.status()).isEqualTo(403);
    assertThat(second.text()).contains("link-local");
    assertThat(origin.seen()).hasSize(1);
  }

  /** What is dialled is what the last judgement was about, not what the first one was. */
  @Test
  void aNameThatIsBoundAnewBetweenTwoJudgementsIsRefused() throws Exception {
    // Given
    dns.answer(question -> question == 0 ? OPEN : List.of(METADATA));

    // When
    int status = curl.fetch(there("/policy/x")).status();

    // Then
    assertThat(status).isEqualTo(403);
    assertThat(origin.seen()).isEmpty();
  }

  /** The same name, where it led just now: by then it leads inside. */
  @Test
  void aRedirectToTheSameNameIsJudgedAnew() throws Exception {
    // Given
    String back = "http://bound.example:" + origin.port() + "/policy/x";
    dns.answer(question -> question < JUDGEMENTS ? OPEN : List.of(METADATA));

    // When
    int status = curl.fetch(there("/redirect?to=" + back)).status();

    // Then
    assertThat(status).isEqualTo(403);
    assertThat(origin.count("/redirect")).isEqualTo(1);
    assertThat(origin.count("/policy/x")).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {METADATA, "127.0.0.2", "10.0.0.1", "0.0.0.0", "224.0.0.1", "100.64.0.1"})
  void aNameThatLeadsInsideIsRefused(String address) throws Exception {
    // Given
    dns.answer(question -> List.of(address));

    // When
    ProxyClient.Response answer = curl.fetch(there("/policy/x"));

    // Then
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.text()).doesNotContain("port");
    assertThat(origin.seen()).isEmpty();
  }

  private String there(String target) {
    return weir.proxyUrl() + "/bound.example:" + origin.port() + target;
  }
}
