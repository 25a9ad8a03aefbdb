package dev.weir.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.EchoEncoder;
import com.typesafe.config.ConfigFactory;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import net.logstash.logback.encoder.LogstashEncoder;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a line of the process log says, and what it must not. */
final class ExchangeLogTest {
  private static final ExchangeRecord RECORD =
      new ExchangeRecord(
          "00ab",
          new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
          "GET",
          "https://example.com/a\u001bb?token=secret",
          200,
          ServeReason.COLLAPSED,
          "Standard",
          "",
          "ff01",
          1024,
          7,
          true);

  @Test
  void aLineMasksTheQueryAndEscapesControls() {
    // When
    String line = RECORD.toString();

    // Then
    assertThat(line)
        .isEqualTo(
            "00ab 127.0.0.1:1 GET https://example.com/a\\x1bb?*** 200 collapsed 1024B 7ms"
                + " leader=ff01");
  }

  @Test
  void jsonHasOneFieldPerFact() {
    // Given
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(context);
    encoder.start();
    LoggingEvent event =
        new LoggingEvent(
            "", context.getLogger("weir.exchange"), Level.INFO, "{}", null, new Object[] {RECORD});

    // When
    String json = new String(encoder.encode(event), StandardCharsets.UTF_8);

    // Then
    assertThat(json)
        .contains("\"reason\":\"collapsed\"", "\"leader\":\"ff01\"", "\"ms\":7", "\"status\":200")
        .doesNotContain("secret");
  }

  @Test
  void everyReasonHasALabelOfItsOwnThatIsAToken() {
    // When
    String[] labels =
        Arrays.stream(ServeReason.values()).map(ServeReason::label).toArray(String[]::new);

    // Then
    assertThat(labels).doesNotHaveDuplicates().allMatch(label -> label.matches("[a-z][a-z-]*"));
  }

  @Test
  void countersAddUp() {
    // Given
    ExchangeLog log = new ExchangeLog();

    // When
    log.accept(RECORD);

    // Then
    assertThat(log.counters().count(ServeReason.COLLAPSED)).isEqualTo(1);
    assertThat(log.counters().statusClass(2)).isEqualTo(1);
    assertThat(log.counters().bytesSent()).isEqualTo(1024);
    assertThat(log.counters().bytesFromStore()).isZero();
  }

  @Test
  void aStuckWriterNeverHoldsUpACallerAndDropsAreCounted() {
    // Given
    CountDownLatch stuck = new CountDownLatch(1);
    LoggerContext context = new LoggerContext();
    OutputStream stream =
        new OutputStream() {
          @Override
          public void write(int b) {
            try {
              stuck.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    EchoEncoder<ILoggingEvent> encoder = new EchoEncoder<>();
    LineAppender queue =
        new LineAppender(
            new LogSettings("info", "text", 256, 10, 1024),
            encoder,
            new ExchangeLines(false, ZoneId.systemDefault()),
            stream);
    queue.setContext(context);
    queue.start();

    // When
    for (int i = 0; i < 1000; i++) {
      queue.doAppend(
          new LoggingEvent("", context.getLogger("weir"), Level.INFO, "line", null, null));
    }

    // Then
    assertThat(queue.writer().dropped()).isBetween(500L, 1000L - 256);
    stuck.countDown();
    queue.stop();
  }

  @Test
  void settingsComeFromTheReferenceBlock() {
    // When
    LogSettings settings =
        LogSettings.from(
            ConfigFactory.parseResources("reference/log.conf").resolve().getConfig("weir.log"));

    // Then
    assertThat(settings).isEqualTo(new LogSettings("info", "auto", 8192, 10, 65_536));
  }
}
