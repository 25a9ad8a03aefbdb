package dev.weir.fill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.entry.Body;
import dev.weir.http.Headers;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginResponse;
import dev.weir.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One body over several connections, and every way in which an origin can spoil it. */
class AccelerationTest {
  private static final int CHUNK = 64 * 1024;
  private static final int PIECE = 8 * 1024;
  private static final String SETTINGS =
      "chunk-bytes = 64K, short-body-bytes = 16K, inline-body-bytes = 1K, window-bytes = 64K,"
          + " window-min-bytes = 32K, write-batch-bytes = 16K, tick = 50ms,"
          + " acceleration { min-bytes = 256K, min-remaining = 0s, sample = 60ms, look = 10ms,"
          + " retry-pause = 20ms, max-failures = 4 }";

  /** Rates are looked at so seldom that two connections are what there is for a while. */
  private static final String GATED = SETTINGS + ", acceleration.sample = 300ms";

  @TempDir private Path folder;

  private final byte[] body = FillHarness.random(3 * 1024 * 1024 + 4567);
  private final LongAdder sent = new LongAdder();
  private boolean atOnce;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();

  @Test
  void aSlowOriginIsAskedOverSeveralConnectionsAndEveryByteComesOnce() {
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      // Given
      harness.origins.answer(this::served);
      // When
      Fill fill = harness.start();
      byte[] read = harness.read(fill);
      // Then
      assertThat(read).isEqualTo(body);
      assertThat(FillHarness.await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(most.get()).isBetween(2, 16); // how many is RampTest's question
      assertThat(plain(harness)).isEqualTo(1);
      assertThat(harness.fills.metrics().originBytes()).isLessThan(body.length + 2L * CHUNK);
      assertThat(harness.fills.metrics().streamsCut()).isEqualTo(1);
      assertThat(stored(harness)).isEqualTo(body);
    }
  }

  @Test
  void aReaderFarAheadIsServedFirst() {
    try (FillHarness harness =
        new FillHarness(folder, SETTINGS + ", acceleration.min-remaining = 1h")) {
      // Given
      harness.origins.answer(this::served);
      Fill fill = harness.start();
      FillHarness.await(fill.head());
      int from = 40 * CHUNK + 100;
      // When
      byte[] read = harness.read(fill.read(from, from + 3L * CHUNK));
      // Then
      assertThat(read).isEqualTo(Arrays.copyOfRange(body, from, from + 3 * CHUNK));
      assertThat(fill.arrived()).isFalse();
      // On a machine that stalls another connection may have seemed worth it before the reader
      // came.
      assertThat(harness.origins.requests().stream().skip(1))
          .anySatisfy(
              part ->
                  assertThat(part.head().headers().first("Range"))
                      .startsWith("bytes=" + 40 * CHUNK + "-"));
      assertThat(harness.read(fill)).isEqualTo(body);
    }
  }

  @Test
  void anOriginThatIgnoresRangesIsAskedOnlyOnce() {
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      // Given
      harness.origins.answer(request -> done(whole()));
      // When
      Fill fill = harness.start();
      byte[] read = harness.read(fill);
      Fill again = harness.start();
      byte[] other = harness.read(again);
      // Then
      assertThat(read).isEqualTo(body);
      assertThat(other).isEqualTo(body);
      assertThat(harness.origins.requests()).hasSize(3);
      assertThat(stored(harness)).isEqualTo(body);
    }
  }

  @Test
  void aBodyIsWholeThoughSomePartsCannotBeAskedFor() {
    // Given
    AtomicInteger parts = new AtomicInteger();

    // When
    check(
        request -> {
          if (isPart(request) && parts.incrementAndGet() == 3) {
            throw new IllegalStateException("no such request can be made");
          }
          return served(request);
        });

    // Then
    assertThat(parts).hasValueGreaterThan(3);
  }

  @Test
  void aBodyThatChangesMidwayIsNotMixed() {
    // Given
    byte[] changed = FillHarness.random(body.length);
    changed[0]++;
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      AtomicInteger parts = new AtomicInteger();
      harness.origins.answer(
          request ->
              isPart(request) && parts.incrementAndGet() > 3
                  ? done(partOf(changed, request, "\"v2\""))
                  : served(request));
      // When
      Fill fill = harness.start();
      Throwable failure = FillHarness.failure(harness.digest(fill.read(0, Long.MAX_VALUE)));
      // Then
      if (failure == null) {
        assertThat(stored(harness)).isEqualTo(body);
      } else {
        assertThat(harness.committed).isEmpty();
      }
    }
  }

  @Test
  void partsOfAnotherValidatorAreLeftAlone() {
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      // Given
      byte[] changed = FillHarness.random(body.length);
      harness.origins.answer(
          request -> isPart(request) ? done(partOf(changed, request, "\"v2\"")) : served(request));
      // When
      Fill fill = harness.start();
      // Then
      assertThat(harness.read(fill)).isEqualTo(body);
      assertThat(stored(harness)).isEqualTo(body);
    }
  }

  @Test
  void wrongOffsetsAreNoParts() {
    check(
        request ->
            isPart(request)
                ? done(
                    TestOrigins.response(
                        206,
                        Headers.of("ETag", "\"v1\"", "Content-Range", "bytes 0-9/" + body.length),
                        Source.single(ByteString.fromArray(body, 0, 10)),
                        OptionalLong.of(10)))
                : served(request));
  }

  @Test
  void anOriginThatHasHadEnoughIsAskedForLess() {
    AtomicInteger parts = new AtomicInteger();
    check(
        request ->
            isPart(request) && parts.incrementAndGet() % 4 == 0
                ? done(
                    TestOrigins.response(
                        429, Headers.of("Retry-After", "1"), Source.empty(), OptionalLong.of(0)))
                : served(request));
  }

  @Test
  void partsThatBreakOffAreTakenUpWhereTheyBroke() {
    AtomicInteger parts = new AtomicInteger();
    check(
        request -> {
          if (!isPart(request) || parts.incrementAndGet() % 3 != 0) {
            return served(request);
          }
          OriginResponse part = partOf(body, request, "\"v1\"");
          return done(
              TestOrigins.response(
                  206, part.head().headers(), broken(part.body()), part.bodyLength()));
        });
  }

  @Test
  void refusedConnectionsLeaveTheFirstStreamAlone() {
    check(
        request ->
            isPart(request)
                ? CompletableFuture.failedStage(
                    new OriginFailure(OriginFailure.Kind.CONNECT, "refused", null))
                : served(request));
  }

  @Test
  void theOthersBringTheRestOfABrokenFirstStream() {
    AtomicBoolean broken = new AtomicBoolean();
    check(
        request -> {
          if (isPart(request) || !broken.compareAndSet(false, true)) {
            return served(request);
          }
          OriginResponse all = whole();
          return done(
              TestOrigins.response(
                  200,
                  all.head().headers(),
                  all.body()
                      .limitWeighted(20L * CHUNK, bytes -> (long) bytes.size())
                      .mapError(
                          RuntimeException.class,
                          full -> new OriginFailure(OriginFailure.Kind.TRUNCATED, "cut", null)),
                  all.bodyLength()));
        });
  }

  @Test
  void smallBodiesAndWeakValidatorsGetOneConnection() {
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      // Given
      harness.origins.answer(
          request ->
              done(
                  TestOrigins.response(
                      200,
                      Headers.of("ETag", "W/\"v1\"", "Accept-Ranges", "bytes"),
                      slow(body, 0, body.length),
                      OptionalLong.of(body.length))));
      // When
      Fill fill = harness.start();
      // Then
      assertThat(harness.read(fill)).isEqualTo(body);
      assertThat(harness.origins.requests()).hasSize(1);
    }
  }

  @Test
  void aStreamThatBreaksWhereOthersHaveBroughtMoreGoesOnWhereItBroke() {
    // Given: the others bring the last chunk and four more, and then the origin has none any more
    try (FillHarness harness = new FillHarness(folder, GATED)) {
      CompletableFuture<OriginResponse> third = new CompletableFuture<>();
      Gated first = new Gated(2 * CHUNK + CHUNK / 2);
      harness.origins.answer(request -> gated(request, first, third));
      Fill fill = harness.start();
      CompletionStage<String> read = harness.digest(fill.read(0, Long.MAX_VALUE));
      FillHarness.until(() -> first.parts.get() == 3);
      third.complete(TestOrigins.response(404, Headers.EMPTY, Source.empty(), OptionalLong.of(0)));
      // When
      first.goOn.complete(null);
      // Then
      assertThat(FillHarness.await(read)).isEqualTo(FillHarness.digest(body));
      assertThat(FillHarness.await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(stored(harness)).isEqualTo(body);
      assertThat(harness.fills.metrics().resumed()).isEqualTo(1);
    }
  }

  @Test
  void aDiskThatIsFullMidwayLeavesTheBodyToTheFirstStream() {
    fullMidway(false);
  }

  @Test
  void aDiskThatIsFullMidwayCostsNoBodyWhoseFirstStreamIsOver() {
    fullMidway(true);
  }

  /**
   * The disk is full when the third part comes.
   *
   * @param over whether the first stream has come to what others brought by then, and was ended
   */
  private void fullMidway(boolean over) {
    // Given
    AtomicBoolean full = new AtomicBoolean();
    try (FillHarness harness =
        new FillHarness(
            folder,
            GATED,
            store ->
                new ForwardingChunks(store) {
                  @Override
                  public Path newSpoolFile() {
                    if (full.get()) {
                      throw StoreException.of("A test", new IOException("No space left on device"));
                    }
                    return super.newSpoolFile();
                  }
                })) {
      CompletableFuture<OriginResponse> third = new CompletableFuture<>();
      Gated first = new Gated(body.length);
      harness.origins.answer(request -> gated(request, first, third));
      Fill fill = harness.start();
      CompletionStage<String> read = harness.digest(fill.read(0, Long.MAX_VALUE));
      FillHarness.until(() -> first.parts.get() == 3);
      if (over) {
        first.goOn.complete(null);
        FillHarness.until(() -> harness.fills.metrics().streamsCut() == 1);
      }
      // When
      full.set(true);
      CompletableFuture<Void> leftAlone = new CompletableFuture<>();
      OriginResponse part = partOf(body, harness.origins.requests().get(3), "\"v1\"");
      third.complete(
          TestOrigins.response(
              206,
              part.head().headers(),
              part.body()
                  .concat(Source.maybe())
                  .watchTermination(
                      (value, ended) -> {
                        ended.whenComplete((done, failed) -> leftAlone.complete(null));
                        return value;
                      }),
              part.bodyLength()));
      FillHarness.await(leftAlone);
      first.goOn.complete(null);
      // Then
      assertThat(FillHarness.await(read)).isEqualTo(FillHarness.digest(body));
      assertThat(FillHarness.await(fill.end())).isEqualTo(new Fill.End.Unstored("disk-full"));
      assertThat(harness.fills.metrics().resumed()).isEqualTo(over ? 1 : 0);
      assertThat(harness.committed).isEmpty();
    }
  }

  @Test
  void aPartThatIsBeingWrittenWhenItsFillIsStoppedLeavesNoFile() throws Exception {
    // Given: a connection beside the first waits for its file
    CountDownLatch slow = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    CompletableFuture<Path> late = new CompletableFuture<>();
    try (FillHarness harness =
        new FillHarness(
            folder,
            GATED,
            store ->
                new ForwardingChunks(store) {
                  @Override
                  public Path newSpoolFile() {
                    if (asked.incrementAndGet() < 3) {
                      return super.newSpoolFile();
                    }
                    try {
                      slow.await();
                    } catch (InterruptedException e) {
                      throw new IllegalStateException(e);
                    }
                    Path file = super.newSpoolFile();
                    late.complete(file);
                    return file;
                  }
                })) {
      Gated first = new Gated(CHUNK + CHUNK / 2);
      harness.origins.answer(request -> gated(request, first, new CompletableFuture<>()));
      Fill fill = harness.start();
      FillHarness.await(fill.head());
      FillHarness.until(() -> asked.get() == 3);
      // When
      CompletionStage<Void> closed = harness.fills.close();
      FillHarness.await( // if it were over before that write, it would be soon
          closed.toCompletableFuture().copy().completeOnTimeout(null, 300, TimeUnit.MILLISECONDS));
      slow.countDown();
      // Then
      assertThat(FillHarness.await(late)).hasParentRaw(folder.resolve("spool"));
      FillHarness.await(closed);
      FillHarness.until(() -> harness.spoolFiles() == 0);
    }
  }

  /** A first stream that waits in the middle of its second chunk, and breaks off later. */
  private final class Gated {
    final CompletableFuture<Void> goOn = new CompletableFuture<>();
    final AtomicInteger parts = new AtomicInteger();
    private final AtomicBoolean begun = new AtomicBoolean();
    private final int cutAt;

    Gated(int cutAt) {
      this.cutAt = cutAt;
      atOnce = true;
    }

    Source<ByteString, ?> bytes() {
      int gate = CHUNK + CHUNK / 2;
      int end = Math.min(body.length, Math.max(cutAt, gate));
      Source<ByteString, NotUsed> rest =
          end == body.length
              ? TestOrigins.pieces(Arrays.copyOfRange(body, gate, end), PIECE)
              : TestOrigins.cutAfter(Arrays.copyOfRange(body, gate, body.length), end - gate);
      return TestOrigins.pieces(Arrays.copyOf(body, gate), PIECE)
          .concatLazy(Source.completionStageSource(goOn.thenApply(now -> rest)));
    }
  }

  /** The first two parts at once, the third when the test has it, and everything after that. */
  private CompletionStage<OriginResponse> gated(
      OriginRequest request, Gated first, CompletionStage<OriginResponse> third) {
    if (!isPart(request)) {
      assertThat(first.begun.compareAndSet(false, true)).isTrue();
      OriginResponse all = whole();
      return done(TestOrigins.response(200, all.head().headers(), first.bytes(), all.bodyLength()));
    }
    return first.parts.incrementAndGet() == 3 ? third : served(request);
  }

  /**
   * Right bytes for the reader and in the store, whatever the origin does to requests for parts.
   */
  private void check(Function<OriginRequest, CompletionStage<OriginResponse>> origin) {
    try (FillHarness harness = new FillHarness(folder, SETTINGS)) {
      harness.origins.answer(origin);
      Fill fill = harness.start();
      assertThat(harness.read(fill)).isEqualTo(body);
      assertThat(FillHarness.await(fill.end())).isInstanceOf(Fill.End.Committed.class);
      assertThat(plain(harness)).isEqualTo(1);
      assertThat(stored(harness)).isEqualTo(body);
    }
  }

  // --- an origin with as much for each connection

  private CompletionStage<OriginResponse> served(OriginRequest request) {
    return done(isPart(request) ? partOf(body, request, "\"v1\"") : whole());
  }

  private static boolean isPart(OriginRequest request) {
    return request.head().headers().first("Range") != null;
  }

  private OriginResponse whole() {
    return TestOrigins.response(
        200,
        Headers.of("ETag", "\"v1\"", "Accept-Ranges", "bytes"),
        slow(body, 0, body.length),
        OptionalLong.of(body.length));
  }

  private OriginResponse partOf(byte[] of, OriginRequest request, String tag) {
    String range = String.valueOf(request.head().headers().first("Range")).substring(6);
    List<String> ends = List.of(range.split("-", -1));
    int from = Integer.parseInt(ends.get(0));
    int end = ends.get(1).isEmpty() ? of.length : Integer.parseInt(ends.get(1)) + 1;
    assertThat(request.head().headers().first("If-Range")).isEqualTo("\"v1\"");
    return TestOrigins.response(
        206,
        Headers.of(
            "ETag", tag, "Content-Range", "bytes " + from + "-" + (end - 1) + "/" + of.length),
        slow(of, from, end),
        OptionalLong.of(end - from));
  }

  /** A piece every ten milliseconds, whoever else is served. */
  private Source<ByteString, ?> slow(byte[] of, int from, int end) {
    int now = open.incrementAndGet();
    most.accumulateAndGet(now, Math::max);
    Source<ByteString, NotUsed> pieces =
        TestOrigins.pieces(Arrays.copyOfRange(of, from, end), PIECE);
    return (atOnce ? pieces : pieces.throttle(1, Duration.ofMillis(10)))
        .map(
            piece -> {
              sent.add(piece.size());
              return piece;
            })
        .watchTermination(
            (value, over) -> {
              over.whenComplete((done, failed) -> open.decrementAndGet());
              return value;
            });
  }

  private static Source<ByteString, ?> broken(Source<ByteString, ?> part) {
    return part.limitWeighted(3L * PIECE, bytes -> (long) bytes.size())
        .mapError(
            RuntimeException.class,
            full -> new OriginFailure(OriginFailure.Kind.TRUNCATED, "cut", null));
  }

  private static CompletionStage<OriginResponse> done(OriginResponse response) {
    return CompletableFuture.completedStage(response);
  }

  private static long plain(FillHarness harness) {
    return harness.origins.requests().stream().filter(one -> !isPart(one)).count();
  }

  private byte[] stored(FillHarness harness) {
    FillHarness.until(() -> !harness.committed.isEmpty());
    var manifest = ((Body.Chunked) harness.committed.getLast().body()).manifest();
    assertThat(manifest.totalBytes()).isEqualTo(body.length);
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    for (int i = 0; i < manifest.chunks().size(); i++) {
      int length = (int) Math.min(CHUNK, body.length - (long) i * CHUNK);
      try (var chunk =
          harness.stores.chunks().open(manifest.chunks().get(i), length).orElseThrow()) {
        all.writeBytes(chunk.read(0, length).toArray());
      }
    }
    return all.toByteArray();
  }
}
