package dev.weir.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.ContextInitializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.testing.Eventually;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process log as a whole: from the loggers to the stream. */
final class ProcessLogTest {
  private static final LogSettings JSON = new LogSettings("info", "json", 8192, 10, 65_536);
  private static final LogSettings TEXT = new LogSettings("info", "text", 8192, 10, 65_536);
  private static final Logger OTHER = LoggerFactory.getLogger("dev.weir.other");
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ExchangeLog exchanges = new ExchangeLog();

  @AfterEach
  void restoreLogging() throws Exception {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    new ContextInitializer(context).autoConfig();
  }

  @Test
  void linesOfAllLoggersKeepTheirOrderAndAllAreWrittenAtTheEnd() throws Exception {
    // Given
    ProcessLog log = ProcessLog.start(JSON, out);

    // When
    say(0, 1990);
    Eventually.holds(() -> lines().size() == 3980); // what is left at the end is waited for briefly
    say(1990, 2000);
    log.close();

    // Then
    List<String> lines = lines();
    assertThat(lines).hasSize(4000);
    for (int i = 0; i < 2000; i++) {
      JsonNode first = new ObjectMapper().readTree(lines.get(2 * i));
      JsonNode second = new ObjectMapper().readTree(lines.get(2 * i + 1));
      assertThat(first.get("id").asText()).isEqualTo("id" + i);
      assertThat(first.get("thread_name").asText()).isEqualTo(Thread.currentThread().getName());
      assertThat(second.get("message").asText()).isEqualTo("after " + i);
    }
    assertThat(log.dropped()).isZero();
  }

  private void say(int from, int to) {
    for (int i = from; i < to; i++) {
      exchanges.accept(exchange(i));
      OTHER.info("after {}", i);
    }
  }

  @Test
  void anErrorsStackTraceIsAMemberOfItsOneLine() throws IOException {
    // Given
    ProcessLog log = ProcessLog.start(JSON, out);

    // When
    OTHER.warn("It failed", new IllegalStateException("odd \"state\""));
    log.close();

    // Then
    assertThat(lines()).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(lines().getFirst());
    assertThat(line.get("level").asText()).isEqualTo("WARN");
    assertThat(line.get("stack_trace").asText())
        .startsWith("java.lang.IllegalStateException: odd \"state\"")
        .contains("ProcessLogTest");
  }

  @Test
  void levelsChangeWhileItRuns() {
    // Given
    ProcessLog log = ProcessLog.start(TEXT, out);

    // When
    log.level("warn");
    exchanges.accept(exchange(1));
    log.level("info");
    exchanges.accept(exchange(2));
    log.close();

    // Then
    assertThat(lines()).hasSize(1);
    assertThat(lines().getFirst())
        .matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} INFO {2}weir\\.exchange id2 .* fresh 10B 1ms");
  }

  @Test
  void aLoneLineIsThereWithoutAStop() throws Exception {
    // Given
    ProcessLog log = ProcessLog.start(TEXT, out);

    // When
    exchanges.accept(exchange(1));

    // Then
    Eventually.holds(() -> out.size() > 0);
    log.close();
  }

  @Test
  void standardErrorIsWhatItIsAtTheTimeAndStaysOpen() {
    // Given
    PrintStream before = System.err;
    ProcessLog log = ProcessLog.start(TEXT);

    // When
    System.setErr(new PrintStream(out, false, StandardCharsets.UTF_8));
    try {
      OTHER.warn("to the one set now");
      log.close();
      System.err.print("still open");
      System.err.flush();
    } finally {
      System.setErr(before);
    }

    // Then
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("WARN  dev.weir.other to the one set now\n")
        .endsWith("still open");
  }

  private List<String> lines() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static ExchangeRecord exchange(int number) {
    return new ExchangeRecord(
        "id" + number,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
        "GET",
        "http://example.com/" + number,
        200,
        ServeReason.HIT_FRESH,
        "Standard",
        "",
        null,
        10,
        1,
        true);
  }
}
