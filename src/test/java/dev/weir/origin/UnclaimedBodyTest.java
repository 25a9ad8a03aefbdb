package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.testing.Eventually;
import java.lang.ref.WeakReference;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The time after which a response that nobody reads is given up. */
class UnclaimedBodyTest {
  private static final long LONG_MILLIS = 600_000;

  private final ActorSystem data = ActorSystem.create("unclaimed");

  @AfterEach
  void stop() {
    data.terminate();
  }

  private static OriginResponse response() {
    return new OriginResponse(
        new ResponseHead(200, "", Headers.EMPTY),
        Source.single(ByteString.fromString("body")),
        OptionalLong.of(4),
        false,
        CompletableFuture.completedStage(Headers.EMPTY));
  }

  @Test
  void aTimerThatIsNotNeededAnyMoreKeepsNothing() throws Exception {
    // Given a response whose end is told to somebody, and that is read
    AtomicInteger told = new AtomicInteger();

    // When
    WeakReference<Object> kept = readToItsEnd(told);

    // Then what it was told to is not kept until the time is up
    Eventually.holds(() -> told.get() > 0);
    Eventually.holds(
        () -> {
          System.gc();
          return kept.get() == null;
        });
  }

  /** In a frame of its own, which holds nothing afterwards. */
  private WeakReference<Object> readToItsEnd(AtomicInteger told) {
    byte[] listener = new byte[1024];
    response()
        .whenEnded(() -> told.addAndGet(listener.length), LONG_MILLIS)
        .body()
        .runWith(Sink.ignore(), data)
        .toCompletableFuture()
        .join();
    return new WeakReference<>(listener);
  }

  @Test
  void aBodyThatNobodyReadsIsGivenUp() throws Exception {
    // Given
    AtomicInteger told = new AtomicInteger();

    // When
    OriginResponse unread = response().whenEnded(told::incrementAndGet, 10);

    // Then
    Eventually.holds(() -> told.get() == 1);
    assertThat(unread.head().status()).isEqualTo(200);
  }
}
