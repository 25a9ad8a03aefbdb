package dev.weir.respond;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What is said of a body by how it ended, and how much of it had been taken. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BodyMeterTest {
  private static final ByteString PIECE = ByteString.fromString("12345");
  private static final OptionalLong TWO_PIECES = OptionalLong.of(10);

  /** Two pieces, and an end that does not come. */
  private static final Source<ByteString, NotUsed> ENDLESS =
      Source.from(List.of(PIECE, PIECE))
          .concat(Source.<ByteString>maybe().mapMaterializedValue(never -> NotUsed.getInstance()));

  private ActorSystem system;

  private record Ended(long bytes, boolean complete) {}

  @BeforeAll
  void start() {
    system = ActorSystem.create("meter");
  }

  @AfterAll
  void stop() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  /** A client that takes so many pieces and closes. */
  private Ended taking(int pieces, Source<ByteString, NotUsed> body, OptionalLong length)
      throws Exception {
    return metered(body, length, new CompletableFuture<>(), pieces);
  }

  private Ended metered(
      Source<ByteString, NotUsed> body,
      OptionalLong length,
      CompletableFuture<Done> gone,
      int pieces)
      throws Exception {
    CompletableFuture<Ended> ended = new CompletableFuture<>();
    BodyMeter.Listener listener =
        new BodyMeter.Listener() {
          @Override
          public void started() {}

          @Override
          public void ended(long bytes, boolean complete) {
            ended.complete(new Ended(bytes, complete));
          }
        };
    body.via(new BodyMeter(listener, length, gone, 10)).take(pieces).runWith(Sink.ignore(), system);
    return ended.get(20, TimeUnit.SECONDS);
  }

  @Test
  void aClientThatClosedWithTheLastByteWasSaidToBeCutOff() throws Exception {
    assertThat(taking(2, ENDLESS, TWO_PIECES)).isEqualTo(new Ended(10, true));
  }

  @Test
  void aClientThatClosesBeforeTheLastByteIsCutOff() throws Exception {
    assertThat(taking(1, ENDLESS, TWO_PIECES)).isEqualTo(new Ended(5, false));
  }

  @Test
  void withoutALengthOnlyTheEndIsTheEnd() throws Exception {
    assertThat(taking(2, ENDLESS, OptionalLong.empty())).isEqualTo(new Ended(10, false));
    assertThat(taking(3, Source.from(List.of(PIECE, PIECE)), OptionalLong.empty()))
        .isEqualTo(new Ended(10, true));
  }

  @Test
  void aBodyThatFailsAfterItsLastByteIsNotComplete() throws Exception {
    // Given
    Source<ByteString, NotUsed> failing =
        Source.range(1, 3)
            .mapMaterializedValue(ignored -> NotUsed.getInstance())
            .map(
                number -> {
                  if (number == 3) {
                    throw new IllegalStateException("a digest that differs");
                  }
                  return PIECE;
                });
    // When
    Ended ended = taking(3, failing, TWO_PIECES);
    // Then
    assertThat(ended).isEqualTo(new Ended(10, false));
  }

  @Test
  void aBodyThatNobodyTakesOnceTheClientHasGoneIsCutUnlessItIsAllThere() throws Exception {
    CompletableFuture<Done> gone = CompletableFuture.completedFuture(Done.getInstance());
    assertThat(metered(ENDLESS, TWO_PIECES, gone, 9)).isEqualTo(new Ended(10, true));
    assertThat(metered(ENDLESS, OptionalLong.of(11), gone, 9)).isEqualTo(new Ended(10, false));
  }
}
