package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code weir cluster init} makes, and what it never makes twice. */
class FleetFolderTest {
  @TempDir private Path folder;

  private List<String> make(String... nodes) {
    return new FleetFolder(folder.resolve("fleet"), Instant.now()).make(List.of(nodes));
  }

  private String read(String file) throws Exception {
    return Files.readString(folder.resolve("fleet").resolve(file));
  }

  @Test
  void runAgainItAddsNodesOfTheSameFleetAndChangesNone() throws Exception {
    // Given
    make("a", "b");
    String before = read("a/peer.key");

    // When
    List<String> made = make("a", "b", "c");

    // Then
    assertThat(made).containsExactly("c");
    assertThat(read("a/peer.key")).isEqualTo(before);
    assertThat(read("c/peer-ca.pem")).isEqualTo(read("a/peer-ca.pem"));
    assertThat(read("c/ca.pem")).isEqualTo(read("a/ca.pem"));
    assertThat(read("c/peer.key")).isNotEqualTo(before);
  }

  @Test
  void nobodyButTheOwnerReadsAnyOfIt() throws Exception {
    // When
    make("a");

    // Then
    try (Stream<Path> all = Files.walk(folder.resolve("fleet"))) {
      for (Path one : all.skip(1).toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(one)))
            .as(one.toString())
            .matches("rw[x-]------");
      }
    }
  }

  @Test
  void whoKeptTheAuthorityElsewhereGotANodeOfAnotherFleet() throws Exception {
    // Given
    make("a");
    Files.move(folder.resolve("fleet/authority"), folder.resolve("safe"));

    // When
    Throwable refused = catchThrowable(() -> make("b"));

    // Then
    assertThat(refused).hasMessageContainingAll("has nodes but not the authority", "put");
    Files.move(folder.resolve("safe"), folder.resolve("fleet/authority"));
    assertThat(make("b")).containsExactly("b");
    assertThat(read("b/peer-ca.pem")).isEqualTo(read("a/peer-ca.pem"));
  }

  @Test
  void anAuthorityThatWasNotFinishedStoodInTheWayForEver() throws Exception {
    // Given: what a full disk or a power cut leaves of the first run
    Path unfinished = Files.createDirectories(folder.resolve("fleet/.authority.new"));
    Files.writeString(unfinished.resolve("peer-ca.key"), "half");

    // When
    List<String> made = make("a");

    // Then
    assertThat(made).containsExactly("a");
    assertThat(unfinished).doesNotExist();
    assertThat(PeerIdentity.load(folder.resolve("fleet/a"))).isNotNull();
  }

  @Test
  void noNodeIsNoReasonToMakeAnAuthority() {
    // When
    Throwable refused = catchThrowable(() -> make());

    // Then
    assertThat(refused).hasMessageContaining("--nodes names no node");
    assertThat(folder.resolve("fleet")).doesNotExist();
  }
}
