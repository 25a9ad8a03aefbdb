package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillNote;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginTimeouts;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PeerNotesTest {
  private static final ResponseHead HEAD =
      new ResponseHead(200, "Fine", Headers.of("ETag", "\"a\"", "X-Odd", "\u00e4"));

  static Stream<FillHead> heads() {
    StoredResponse stored = new StoredResponse(200, "Fine", HEAD.headers(), "GET", 1, 2);
    return Stream.of(
        streaming(OptionalLong.of(7), new FillIntent.Store(stored, VariantKey.NONE, List.of())),
        streaming(
            OptionalLong.empty(),
            new FillIntent.Store(stored, new VariantKey("abc"), List.of("accept"))),
        streaming(OptionalLong.empty(), new FillIntent.Share("origin-500")),
        streaming(OptionalLong.of(0), new FillIntent.Relay("private")));
  }

  private static FillHead streaming(OptionalLong length, FillIntent intent) {
    return new FillHead.Streaming(HEAD, length, intent, 10, 20);
  }

  private static FillNote note(FillHead head) {
    return new FillNote(
        new Grant(
            new PrimaryKey("https", "host.example", "0a"),
            new FillId("fill"),
            new Epoch(3),
            new NodeId("node:1/x")),
        new RequestHead(
            "GET",
            "https",
            new Authority("host.example", 8443),
            "/a%2Fb?c",
            Headers.of("Accept", "*/*")),
        new OriginTimeouts(1, 2, 3),
        "https://host.example:8443/a%2Fb?c",
        head);
  }

  @ParameterizedTest
  @MethodSource("heads")
  void aNoteArrivesAsItWasSent(FillHead head) throws Exception {
    // Given
    FillNote sent = note(head);

    // When
    FillNote arrived = PeerNotes.read(PeerNotes.write(sent));

    // Then
    assertThat(arrived).isEqualTo(sent);
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailureKeepsItsKindAndItsSentence(OriginFailure.Kind kind) throws Exception {
    // Given
    FillNote sent = note(new FillHead.Failed(new OriginFailure(kind, "It is down.", null)));

    // When
    FillHead arrived = PeerNotes.read(PeerNotes.write(sent)).head();

    // Then
    assertThat(arrived)
        .isInstanceOfSatisfying(
            FillHead.Failed.class,
            failed -> {
              assertThat(failed.failure().kind()).isEqualTo(kind);
              assertThat(failed.failure()).hasMessage("It is down.");
            });
  }

  static OriginFailure.Kind[] failures() {
    return OriginFailure.Kind.values();
  }
}
