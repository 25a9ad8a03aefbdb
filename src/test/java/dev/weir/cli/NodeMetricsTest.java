package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardViolation.Reason;
import org.junit.jupiter.api.Test;

class NodeMetricsTest {
  @Test
  void whatASecondListenerRefusesIsCountedToo() {
    // Given
    NodeMetrics metrics = new NodeMetrics();
    GuardEvents proxy = metrics.refusals("client");
    GuardEvents mirror = metrics.refusals("client");
    GuardEvents origin = metrics.refusals("origin");

    // When
    proxy.refused(Reason.BARE_LF, "1");
    mirror.refused(Reason.BARE_LF, "2");
    origin.refused(Reason.BARE_LF, "3");

    // Then
    assertThat(metrics.registry().scrape())
        .contains("weir_guard_refusals_total{reason=\"bare-lf\",side=\"client\"} 2.0")
        .contains("weir_guard_refusals_total{reason=\"bare-lf\",side=\"origin\"} 1.0");
  }
}
