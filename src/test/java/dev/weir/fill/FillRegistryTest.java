package dev.weir.fill;

import static dev.weir.fill.FillHarness.await;
import static dev.weir.fill.FillHarness.failure;
import static dev.weir.fill.FillHarness.random;
import static dev.weir.fill.FillHarness.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.http.Headers;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.stream.OverflowStrategy;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.javadsl.SourceQueueWithComplete;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FillRegistryTest {
  private static final String SMALL_CHUNKS =
      "chunk-bytes = 256 KiB, window-bytes = 128 KiB, window-min-bytes = 128 KiB,"
          + " tick = 50 ms, abandon-grace = 200 ms, linger = 300 ms";

  @TempDir private Path folder;

  @Test
  void fiftyReadersAtTheirOwnPacesAllGetTheWholeBody() {
    // Given
    byte[] body = random(5_000_003);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, body));

      // When
      Fill fill = harness.start();
      List<CompletionStage<String>> digests = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        Source<ByteString, ?> bytes = fill.read(0, Long.MAX_VALUE);
        Source<ByteString, ?> paced =
            i % 5 == 0
                ? bytes.throttle(1_500_000, Duration.ofSeconds(1), ByteString::size)
                : i % 5 == 1
                    ? bytes.map(piece -> pause(piece, ThreadLocalRandom.current().nextInt(3)))
                    : bytes;
        digests.add(harness.digest(paced));
      }

      // Then
      String expected = FillHarness.digest(body);
      for (CompletionStage<String> digest : digests) {
        assertThat(await(digest)).isEqualTo(expected);
      }
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(harness.origins.requests()).hasSize(1);
      assertThat(harness.committed.getFirst().body()).isInstanceOf(Body.Chunked.class);
      assertThat(harness.committed.getFirst().body().length()).isEqualTo(body.length);
      until(() -> harness.fills.running(fill.id()).isEmpty());
      until(() -> harness.spoolFiles() == 0);
      assertThat(harness.chunks()).isEqualTo(20);
    }
  }

  @Test
  void aLongManifestIsAChunkOfItsOwn() {
    // Given
    byte[] body = random(66 << 18);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, body));

      // When
      Fill fill = harness.start();

      // Then
      assertThat(FillHarness.digest(harness.read(fill))).isEqualTo(FillHarness.digest(body));
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      Entry entry = harness.committed.getFirst();
      assertThat(entry.body()).isInstanceOf(Body.Listed.class);
      until(() -> harness.fills.running(fill.id()).isEmpty());
      until(() -> harness.spoolFiles() == 0);
      assertThat(harness.chunks()).isEqualTo(67);
      assertThat(
              FillHarness.digest(
                  harness.read(
                      await(harness.stores.bodies().open(entry))
                          .orElseThrow()
                          .bytes(0, body.length))))
          .isEqualTo(FillHarness.digest(body));
    }
  }

  @Test
  void firstBytesFlowBeforeTheOriginHasEnded() {
    // Given
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      var pair = origin(harness, OptionalLong.empty());

      // When
      Fill fill = harness.start();
      var reader = fill.read(0, Long.MAX_VALUE).toMat(Sink.queue(), Keep.right()).run(harness.data);
      await(pair.offer(ByteString.fromString("first")));

      // Then
      assertThat(await(reader.pull()).orElseThrow().utf8String()).isEqualTo("first");
      pair.complete();
      assertThat(await(reader.pull())).isEmpty();
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
    }
  }

  @Test
  void smallBodiesNeverTouchAFileWhileTheyStream() {
    // Given
    try (FillHarness harness = new FillHarness(folder, "")) {
      byte[] inline = random(8192);
      byte[] oneChunk = random(8193);
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, inline));
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, oneChunk));
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, new byte[0]));

      // When
      List<byte[]> got = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Fill fill = harness.start();
        await(fill.end());
        got.add(harness.read(fill));
      }

      // Then
      assertThat(got.get(0)).isEqualTo(inline);
      assertThat(got.get(1)).isEqualTo(oneChunk);
      assertThat(got.get(2)).isEmpty();
      assertThat(harness.committed.get(0).body()).isEqualTo(new Body.Inline(inline));
      assertThat(((Body.Chunked) harness.committed.get(1).body()).manifest().chunks()).hasSize(1);
      assertThat(harness.committed.get(2).body()).isEqualTo(new Body.Inline(new byte[0]));
    }
  }

  @Test
  void aRangeIsReadFromTheSpool() {
    // Given
    byte[] body = random(900_000);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, body));

      // When
      Fill fill = harness.start();
      byte[] early = harness.read(fill.read(300_000, 700_000));
      await(fill.end());
      byte[] late = harness.read(fill.read(262_143, 262_145));

      // Then
      assertThat(early).isEqualTo(Arrays.copyOfRange(body, 300_000, 700_000));
      assertThat(late).isEqualTo(Arrays.copyOfRange(body, 262_143, 262_145));
    }
  }

  @Test
  void theFirstPieceIsAsLargeAsTheSettingsSay() {
    // Given
    try (FillHarness harness =
        new FillHarness(folder, SMALL_CHUNKS + ", slice-min-bytes = 2K, slice-first-bytes = 4K")) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, random(900_000)));
      Fill fill = harness.start();
      await(fill.end());

      // When
      ByteString first = await(fill.read(0, Long.MAX_VALUE).runWith(Sink.head(), harness.data));

      // Then
      assertThat(first.size()).isEqualTo(4096);
    }
  }

  @Test
  void aTruncatedBodyFailsItsReadersAndLeavesNothing() {
    // Given
    byte[] body = random(900_000);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.EMPTY,
              TestOrigins.cutAfter(body, 600_000),
              OptionalLong.of(body.length)));

      // When
      Fill fill = harness.start();
      await(fill.head());
      Throwable failed = failure(harness.digest(fill.read(0, Long.MAX_VALUE)));

      // Then
      assertThat(failed).isInstanceOf(OriginFailure.class);
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Broken("truncated"));
      assertThat(harness.committed).isEmpty();
      until(() -> harness.spoolFiles() == 0 && harness.chunks() == 0);
    }
  }

  @Test
  void aBrokenConnectionIsMendedByOneRange() {
    // Given
    byte[] body = random(900_000);
    Headers strong = Headers.of("ETag", "\"v1\"", "Accept-Ranges", "bytes");
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(
          TestOrigins.response(
              200, strong, TestOrigins.cutAfter(body, 600_000), OptionalLong.of(body.length)));
      harness.origins.answer(rest(body, 600_000, "\"v1\"", 206));

      // When
      Fill fill = harness.start();
      byte[] got = harness.read(readWhenHeaded(fill));

      // Then
      assertThat(got).isEqualTo(body);
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      Headers range = harness.origins.requests().get(1).head().headers();
      assertThat(range.first("Range")).isEqualTo("bytes=600000-");
      assertThat(range.first("If-Range")).isEqualTo("\"v1\"");
    }
  }

  @Test
  void aRangeOfAnotherVersionIsNeverSplicedIn() {
    // Given
    byte[] body = random(900_000);
    Headers strong = Headers.of("ETag", "\"v1\"");
    for (OriginResponse other :
        List.of(rest(body, 600_000, "\"v2\"", 206), rest(body, 600_000, "\"v1\"", 200))) {
      try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
        harness.origins.answer(
            TestOrigins.response(
                200, strong, TestOrigins.cutAfter(body, 600_000), OptionalLong.of(body.length)));
        harness.origins.answer(other);

        // When
        Fill fill = harness.start();

        // Then
        assertThat(failure(harness.digest(readWhenHeaded(fill)))).isInstanceOf(OriginFailure.class);
        assertThat(harness.origins.requests()).hasSize(2);
        assertThat(harness.committed).isEmpty();
      }
    }
  }

  @Test
  void aRestThatCannotEvenBeAskedForEndsTheFill() {
    // Given
    byte[] body = random(900_000);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.of("ETag", "\"v1\""),
              TestOrigins.cutAfter(body, 600_000),
              OptionalLong.of(body.length)));
      harness.origins.answer(
          request -> {
            throw new IllegalStateException("no such request can be made");
          });

      // When
      Fill fill = harness.start();
      Throwable failed = failure(harness.digest(readWhenHeaded(fill)));

      // Then
      assertThat(failed).isInstanceOf(OriginFailure.class);
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Broken("truncated"));
    }
  }

  @Test
  void readersThatLeaveMidwayDisturbNobody() {
    // Given
    byte[] body = random(3_000_000);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, body));

      // When
      Fill fill = harness.start();
      await(fill.head());
      for (int i = 0; i < 10; i++) {
        fill.read(0, Long.MAX_VALUE).take(2).runWith(Sink.ignore(), harness.data);
      }

      // Then
      assertThat(harness.read(fill)).isEqualTo(body);
      until(() -> harness.fills.metrics().readers() == 0);
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
    }
  }

  @Test
  void aFillThatNobodyReadsStopsUnlessItIsSmallOrRangeStarted() {
    // Given
    try (FillHarness harness =
        new FillHarness(
            folder,
            SMALL_CHUNKS + ", finish-small-bytes = 100 KiB, finish-remaining-bytes = 10 KiB")) {
      AtomicBoolean cancelled = new AtomicBoolean();
      Source<ByteString, ?> endless =
          Source.repeat(ByteString.fromArray(new byte[1000]))
              .throttle(1, Duration.ofMillis(20))
              .watchTermination(
                  (value, done) -> {
                    done.whenComplete((ok, failed) -> cancelled.set(true));
                    return value;
                  });
      harness.origins.answer(
          TestOrigins.response(200, Headers.EMPTY, endless, OptionalLong.of(1 << 30)));
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.EMPTY,
              TestOrigins.pieces(random(200_000), 1000).throttle(1, Duration.ofMillis(5)),
              OptionalLong.of(200_000)));

      // When
      Fill big = harness.start();
      Fill ranged = harness.fills.start(harness.plan(FillHarness::store, true));

      // Then
      assertThat(await(big.end())).isEqualTo(new Fill.End.Broken("abandoned"));
      until(cancelled::get);
      assertThat(await(ranged.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(harness.ended).containsExactly("ABANDONED abandoned");
      until(() -> harness.spoolFiles() == 0);
    }
  }

  @Test
  void interestKeepsAFillAlive() {
    // Given
    try (FillHarness harness =
        new FillHarness(
            folder, SMALL_CHUNKS + ", finish-small-bytes = 1, finish-remaining-bytes = 1")) {
      harness.origins.answer(
          TestOrigins.response(
              200,
              Headers.EMPTY,
              TestOrigins.pieces(random(100_000), 1000).throttle(1, Duration.ofMillis(10)),
              OptionalLong.of(100_000)));

      // When
      Fill fill = harness.start();
      Fill.Interest interest = fill.interest();

      // Then
      assertThat(await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      interest.close();
    }
  }

  @Test
  void aRelayedBodyGoesToOneReaderWithoutASpool() {
    // Given
    byte[] body = random(500_000);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(TestOrigins.ok(Headers.EMPTY, body));

      // When
      Fill fill =
          harness.fills.start(harness.plan((head, sent, got) -> new FillIntent.Relay("no-store")));
      await(fill.head());
      var first = fill.read(0, Long.MAX_VALUE);
      var second = fill.read(0, Long.MAX_VALUE);

      // Then
      assertThat(harness.read(first)).isEqualTo(body);
      assertThat(failure(harness.digest(second))).isInstanceOf(SpoolLost.class);
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Unstored("no-store"));
      assertThat(harness.ended).containsExactly("UNCACHEABLE no-store");
    }
  }

  @Test
  void anErrorIsSharedAndNotStored() {
    // Given
    byte[] body = "no such thing".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(
          TestOrigins.response(
              500, Headers.EMPTY, TestOrigins.pieces(body, 5), OptionalLong.empty()));

      // When
      Fill fill =
          harness.fills.start(harness.plan((head, sent, got) -> new FillIntent.Share("error")));
      await(fill.head());

      // Then
      for (int i = 0; i < 3; i++) {
        assertThat(harness.read(fill)).isEqualTo(body);
      }
      assertThat(await(fill.end())).isEqualTo(new Fill.End.Unstored("error"));
      assertThat(harness.committed).isEmpty();
    }
  }

  @Test
  void aFailedOriginIsAHeadThatFailed() {
    // Given
    OriginFailure refused = new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null);
    try (FillHarness harness = new FillHarness(folder, SMALL_CHUNKS)) {
      harness.origins.answer(CompletableFuture.failedStage(refused));

      // When
      Fill fill = harness.start();

      // Then
      assertThat(await(fill.head())).isEqualTo(new FillHead.Failed(refused));
      assertThat(harness.ended).containsExactly("FAILED connect");
    }
  }

  private static Source<ByteString, ?> readWhenHeaded(Fill fill) {
    await(fill.head());
    return fill.read(0, Long.MAX_VALUE);
  }

  private static OriginResponse rest(byte[] body, int from, String tag, int status) {
    byte[] rest = Arrays.copyOfRange(body, from, body.length);
    Headers headers =
        Headers.of(
            "ETag",
            tag,
            "Content-Range",
            "bytes " + from + "-" + (body.length - 1) + "/" + body.length);
    return TestOrigins.response(
        status, headers, TestOrigins.pieces(rest, 10_000), OptionalLong.of(rest.length));
  }

  private static ByteString pause(ByteString piece, int millis) throws InterruptedException {
    Thread.sleep(millis);
    return piece;
  }

  private static SourceQueueWithComplete<ByteString> origin(
      FillHarness harness, OptionalLong length) {
    var pair =
        Source.<ByteString>queue(16, OverflowStrategy.backpressure()).preMaterialize(harness.data);
    harness.origins.answer(TestOrigins.response(200, Headers.EMPTY, pair.second(), length));
    return pair.first();
  }
}
