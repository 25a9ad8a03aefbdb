package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What {@code deploy/} says of a node's times fits the node's own. */
class DeployTest {
  /** Beyond delay and timeout: fills are handed on and everything is closed. */
  private static final Duration CLOSING = Duration.ofSeconds(20);

  private static String text(String file) throws IOException {
    return Files.readString(Path.of(file));
  }

  /** The first number behind those words. */
  private static Duration seconds(String file, String before) throws IOException {
    Matcher found = Pattern.compile(before + "\\D{0,3}(\\d+)").matcher(text(file));
    assertThat(found.find()).as(before).isTrue();
    return Duration.ofSeconds(Long.parseLong(found.group(1)));
  }

  /** How long a node of that file takes to stop at most. */
  private static Duration stop(String file) {
    Config node =
        ConfigFactory.parseFile(Path.of(file).toFile())
            .withFallback(ConfigFactory.parseResources("reference.conf"))
            .getConfig("weir");
    return node.getDuration("drain-delay")
        .plus(node.getDuration("node.drain-timeout"))
        .plus(CLOSING);
  }

  @Test
  void theContainersOfComposeWereKilledWhileTheyDrained() throws Exception {
    // Given
    String compose = "deploy/compose.yaml";
    Duration stop =
        stop("cluster-config/one-node.conf").plus(seconds(compose, "WEIR_DRAIN_DELAY:"));

    // When // Then
    assertThat(seconds(compose, "stop_grace_period:")).isGreaterThanOrEqualTo(stop);
  }

  @Test
  void podsHaveTheTimeToDrain() throws Exception {
    // When // Then
    assertThat(seconds("deploy/kubernetes/weir.yaml", "terminationGracePeriodSeconds:"))
        .isGreaterThanOrEqualTo(stop("cluster-config/kubernetes.conf"));
  }

  @Test
  void servicesHaveTheTimeToDrain() throws Exception {
    // Given
    Duration patience = seconds("deploy/systemd/weir.service", "TimeoutStopSec=");

    // When // Then
    assertThat(patience).isGreaterThanOrEqualTo(stop("cluster-config/one-node.conf"));
    assertThat(patience).isGreaterThanOrEqualTo(stop("cluster-config/production.conf"));
  }

  @Test
  void portsAreThoseOfTheSettings() throws Exception {
    // Given
    Config node = ConfigFactory.parseResources("reference.conf").getConfig("weir");
    String pods = text("deploy/kubernetes/weir.yaml");

    // When // Then
    for (String key : new String[] {"port", "health-port", "cluster-port"}) {
      assertThat(pods).contains("containerPort: " + node.getInt(key));
      assertThat(text("deploy/Dockerfile")).containsPattern("EXPOSE .*\\b" + node.getInt(key));
    }
    assertThat(text("deploy/haproxy/haproxy.cfg"))
        .contains("check port " + node.getInt("health-port"));
  }
}
