package dev.weir.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The writer of lines: in order, none lost, bounded, asleep when idle. */
final class LineWriterTest {
  private static final LogSettings SETTINGS = new LogSettings("info", "json", 256, 1000, 1024);
  private static final LineWriter.Renderer<String> PLAIN =
      (text, lines) -> lines.add(text + "\n", false);

  @Test
  void aStopWritesAllThatIsQueuedEachThreadsLinesInTheirOrder() throws Exception {
    // Given
    LogSettings roomy = new LogSettings("info", "json", 1 << 17, 1, 4096);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LineWriter<String> writer = new LineWriter<>(roomy, PLAIN, out);
    writer.start();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int name = t;
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 20_000; i++) {
                      writer.put(name + " " + i);
                    }
                  }));
    }

    // When
    for (Thread thread : threads) {
      thread.join();
    }
    writer.stop();

    // Then
    Map<String, Integer> next = new HashMap<>();
    out.toString(StandardCharsets.UTF_8)
        .lines()
        .forEach(
            line -> {
              String[] parts = line.split(" ");
              assertThat(Integer.parseInt(parts[1])).isEqualTo(next.getOrDefault(parts[0], 0));
              next.merge(parts[0], 1, Integer::sum);
            });
    assertThat(next).hasSize(4).containsValue(20_000);
    assertThat(next.values()).allMatch(count -> count == 20_000);
    assertThat(writer.dropped()).isZero();
    assertThat(writer.thread().isAlive()).isFalse();
  }

  @Test
  void aStuckStreamHoldsUpNobodyAndWhatFindsNoRoomIsCounted() throws Exception {
    // Given
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch writing = new CountDownLatch(1);
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int count) {
            writing.countDown();
            await(stuck);
            super.write(bytes, from, count);
          }
        };
    LineWriter<String> writer = new LineWriter<>(SETTINGS, PLAIN, out);
    writer.start();
    writer.put("first");
    writing.await();

    // When
    for (int i = 0; i < 1000; i++) {
      writer.put("line");
    }

    // Then
    assertThat(writer.dropped()).isEqualTo(1000 - 256);
    stuck.countDown();
    writer.stop();
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(257);
  }

  @Test
  void anIdleWriterSleepsUntilALineAndWritesItAtOnce() throws Exception {
    // Given
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LogSettings quick = new LogSettings("info", "json", 256, 1, 1024);
    LineWriter<String> writer = new LineWriter<>(quick, PLAIN, out);
    writer.start();

    for (int i = 1; i <= 50; i++) {
      // Given
      Eventually.holds(() -> writer.thread().getState() == Thread.State.WAITING);

      // When
      writer.put("line");

      // Then
      int lines = i;
      Eventually.holds(() -> out.size() == lines * 5);
    }
    Eventually.holds(() -> writer.thread().getState() == Thread.State.WAITING);
    writer.stop();
  }

  /**
   * Threads that put as the writer goes to sleep: each line appears, without a later one's help.
   */
  @Test
  void noLineIsLeftBehindByAWriterThatFallsAsleep() throws Exception {
    // Given
    AtomicInteger written = new AtomicInteger();
    LogSettings quick = new LogSettings("info", "json", 256, 1, 1024);
    LineWriter<Integer> writer =
        new LineWriter<>(
            quick, (spin, lines) -> written.incrementAndGet(), OutputStream.nullOutputStream());
    writer.start();

    for (int i = 1; i <= 500; i++) {
      // When
      long end = System.nanoTime() + 1_000_000 + i * 100; // around the end of the writer's pause
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      writer.put(i);

      // Then
      int lines = i;
      Eventually.holds(() -> written.get() == lines);
    }
    writer.stop();
  }

  @Test
  void aBurstDoesNotWaitForThePause() throws Exception {
    // Given
    LogSettings slow = new LogSettings("info", "json", 1 << 16, 1000, 1 << 20);
    AtomicInteger written = new AtomicInteger();
    LineWriter<String> writer =
        new LineWriter<>(
            slow, (text, lines) -> written.incrementAndGet(), OutputStream.nullOutputStream());
    writer.start();
    writer.put("wakes it");
    Eventually.holds(() -> writer.thread().getState() == Thread.State.TIMED_WAITING);

    // When
    for (int i = 0; i < 3 << 14; i++) {
      writer.put("burst");
    }

    // Then
    Eventually.holds(() -> written.get() >= 1 << 14);
    assertThat(writer.dropped()).isZero();
    writer.stop();
  }

  @Test
  void aWriteThatFailsCostsItsLinesAndNotTheWriter() throws Exception {
    // Given
    AtomicInteger writes = new AtomicInteger();
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public void write(byte[] bytes) throws IOException {
            throw new IOException("not used");
          }

          @Override
          public synchronized void write(byte[] bytes, int from, int count) {
            switch (writes.incrementAndGet()) {
              case 1 -> throw new IllegalStateException("No space left on device");
              case 2 -> throw new StackOverflowError();
              default -> super.write(bytes, from, count);
            }
          }
        };
    LineWriter<String> writer = new LineWriter<>(SETTINGS, PLAIN, out);
    writer.start();

    // When
    for (int i = 1; i <= 2; i++) {
      int failed = i;
      writer.put("lost");
      Eventually.holds(() -> writer.dropped() == failed);
    }
    writer.put("kept");
    writer.stop();

    // Then
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("kept\n");
    assertThat(writer.dropped()).isEqualTo(2);
  }

  @Test
  void aLineThatCannotBeRenderedLeavesNothingBehind() {
    // Given
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LineWriter<String> writer =
        new LineWriter<>(
            SETTINGS,
            (text, lines) -> {
              lines.add("begun ", false);
              lines.add((long) Integer.parseInt(text));
              lines.add((byte) '\n');
            },
            out);
    writer.start();

    // When
    writer.put("1");
    writer.put("no number");
    writer.put("2");
    writer.stop();

    // Then
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("begun 1\nbegun 2\n");
    assertThat(writer.dropped()).isEqualTo(1);
  }

  @Test
  void aLineLongerThanABatchIsWhole() {
    // Given
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LineWriter<String> writer = new LineWriter<>(SETTINGS, PLAIN, out);
    writer.start();

    // When
    writer.put("x".repeat(100_000));
    writer.put("y");
    writer.stop();

    // Then
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("x".repeat(100_000) + "\ny\n");
  }

  @Test
  void aThreadThatWasInterruptedStillStopsItCleanly() {
    // Given
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LineWriter<String> writer = new LineWriter<>(SETTINGS, PLAIN, out);
    writer.start();
    writer.put("last words");
    Thread.currentThread().interrupt();

    // When
    writer.stop();

    // Then
    assertThat(Thread.interrupted()).isTrue();
    assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("last words\n");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
