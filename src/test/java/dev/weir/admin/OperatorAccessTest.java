package dev.weir.admin;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may operate a node. */
class OperatorAccessTest {
  private static final String TOKEN = "c0ffee";

  private final OperatorAccess access = new OperatorAccess(TOKEN);

  private boolean allows(
      boolean loopback, String host, @Nullable String origin, @Nullable String authorization) {
    return access.allows(new OperatorAccess.Sender(loopback, host, origin, authorization));
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "LOCALHOST", "::1", ""})
  void programsOfTheMachineItselfMay(String host) {
    assertThat(allows(true, host, null, null)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://evil.example", "http://127.0.0.1:8082", "null"})
  void aPageInABrowserOfTheMachineMayNot(String origin) {
    assertThat(allows(true, "127.0.0.1", origin, null)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "weir.internal",
        "mitm.it",
        "unnamed.invalid"
      })
  void aNameMadeToPointHereIsNotThisMachines(String host) {
    assertThat(allows(true, host, null, null)).isFalse();
  }

  @Test
  void fromElsewhereTheSecretIsNeeded() {
    assertThat(allows(false, "node-1", null, null)).isFalse();
    assertThat(allows(false, "node-1", null, "Bearer wrong")).isFalse();
    assertThat(allows(false, "node-1", null, TOKEN)).isFalse();
    assertThat(allows(false, "node-1", null, "Bearer " + TOKEN)).isTrue();
  }

  @Test
  void withoutASecretNobodyFromElsewhereMay() {
    // Given
    OperatorAccess closed = new OperatorAccess("");

    // When
    boolean allowed = closed.allows(new OperatorAccess.Sender(false, "node-1", null, "Bearer "));

    // Then
    assertThat(allowed).isFalse();
  }
}
