package dev.weir.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.wire.ListenAt;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GivenSocketsTest {
  private static Map<String, String> said(String count, String names) {
    return Map.of("LISTEN_PID", "77", "LISTEN_FDS", count, "LISTEN_FDNAMES", names);
  }

  private static List<ListenAt> given(Integer... descriptors) {
    return List.<Integer>of(descriptors).stream().<ListenAt>map(ListenAt.Given::new).toList();
  }

  @ParameterizedTest
  @CsvSource({"unknown", "weir.socket", "connection", "proxy", "''"})
  void socketWithoutAMirrorsNameIsTheMainPorts(String name) {
    assertThat(GivenSockets.of(said("1", name), 77, 64))
        .isEqualTo(new GivenSockets(given(3), List.of()));
  }

  @Test
  void socketsGoByTheirNames() {
    assertThat(GivenSockets.of(said("3", "mirror:proxy:proxy"), 77, 64))
        .isEqualTo(new GivenSockets(given(4, 5), given(3)));
    assertThat(GivenSockets.of(Map.of("LISTEN_PID", "77", "LISTEN_FDS", "2"), 77, 64))
        .isEqualTo(new GivenSockets(given(3, 4), List.of()));
  }

  @Test
  void socketsOfAnotherProcessAreNotTaken() {
    assertThat(GivenSockets.of(said("1", "proxy"), 78, 64)).isEqualTo(GivenSockets.NONE);
    assertThat(GivenSockets.of(Map.of("LISTEN_FDS", "1"), 78, 64)).isEqualTo(GivenSockets.NONE);
    assertThat(GivenSockets.of(said("0", ""), 77, 64)).isEqualTo(GivenSockets.NONE);
  }

  @Test
  void nameThatSaysNobodysIsRefused() {
    assertThatThrownBy(() -> GivenSockets.of(said("1", "miror"), 77, 64))
        .isInstanceOf(SettingsException.class)
        .hasMessage(
            "a socket given by systemd is named \"miror\": FileDescriptorName= says proxy or"
                + " mirror");
    assertThatThrownBy(() -> GivenSockets.of(said("one", "proxy"), 77, 64))
        .hasMessage("LISTEN_FDS is \"one\", and no number from 0 to 64");
    assertThatThrownBy(() -> GivenSockets.of(said("2000000000", "proxy"), 77, 64))
        .hasMessage("LISTEN_FDS is \"2000000000\", and no number from 0 to 64");
  }

  @Test
  void moreThanTheSettingAllowsAreAMistake() {
    assertThat(GivenSockets.of(said("2", "proxy:proxy"), 77, 2).main()).hasSize(2);
    assertThatThrownBy(() -> GivenSockets.of(said("3", "proxy:proxy:proxy"), 77, 2))
        .isInstanceOf(SettingsException.class)
        .hasMessage("LISTEN_FDS is \"3\", and no number from 0 to 2");
  }

  @Test
  void socketOfAMirrorNeedsAMirror() {
    // Given
    GivenSockets sockets = GivenSockets.of(said("2", "mirror:proxy"), 77, 64);

    // Then
    assertThat(sockets.forListeners(false, true)).isEqualTo(sockets);
    assertThat(sockets.forListeners(true, false))
        .isEqualTo(new GivenSockets(given(4, 3), List.of()));
    assertThatThrownBy(() -> sockets.forListeners(false, false))
        .hasMessage(
            "a socket given by systemd is named mirror, and this node has none: set --mirror-port");
  }
}
