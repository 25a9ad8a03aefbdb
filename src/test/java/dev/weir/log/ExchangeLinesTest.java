package dev.weir.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.encoder.Encoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Random;
import java.util.TimeZone;
import net.logstash.logback.encoder.LogstashEncoder;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The lines of exchanges are the bytes that the encoders of all other lines would have made. */
final class ExchangeLinesTest {
  private static final ZoneId UTC = ZoneId.of("UTC");
  private static final Instant AT = Instant.parse("2026-03-04T05:06:07.089100Z");
  private static final LoggerContext CONTEXT = (LoggerContext) LoggerFactory.getILoggerFactory();
  private static final Logger LOGGER = CONTEXT.getLogger("weir.exchange");
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * From each of these a fuzzed text is made: plain, quoted, escaped, of two, three, four bytes.
   */
  private static final String ODD =
      "abc/%:=&;?\"\\\t\n\r\b\f\u0000\u001b\u007f\u0080éÿŀ€\u2028\ufeff";

  @Test
  void theJsonLineOfAnExchange() throws IOException {
    // Given
    ExchangeRecord exchange = exchange("GET", "https://example.com/a\"b\u001bc?token=secret", true);

    // When
    String line = rendered(event(exchange, AT), true, UTC);

    // Then
    assertThat(line)
        .isEqualTo(
            "{\"@timestamp\":\"2026-03-04T05:06:07.0891Z\",\"message\":\"00ab 192.0.2.255:40001 GET"
                + " https://example.com/a\\\"b\\\\x1bc?*** 200 collapsed 1024B 7ms leader=ff01\","
                + "\"logger_name\":\"weir.exchange\",\"thread_name\":\"weir-7\",\"level\":\"INFO\","
                + "\"level_value\":20000,\"id\":\"00ab\",\"client\":\"192.0.2.255:40001\","
                + "\"method\":\"GET\",\"url\":\"https://example.com/a\\\"b\\\\x1bc?***\","
                + "\"status\":200,\"reason\":\"collapsed\",\"policy\":\"Standard\","
                + "\"leader\":\"ff01\",\"bytes\":1024,\"ms\":7}\n");
  }

  @Test
  void theTextLineOfAnExchange() throws IOException {
    // Given
    ExchangeRecord exchange =
        exchange("GET", "https://example.com/a\"b\u001bc?token=secret", false);

    // When
    String line = rendered(event(exchange, AT), false, ZoneId.of("Asia/Kolkata"));

    // Then
    assertThat(line)
        .isEqualTo(
            "10:36:07.089 INFO  weir.exchange 00ab 192.0.2.255:40001 GET"
                + " https://example.com/a\"b\\x1bc?*** 200 collapsed 1024B 7ms leader=ff01 cut\n");
  }

  @Test
  void whatLooksLikeASecretInAPathIsMaskedToo() throws IOException {
    // Given
    ExchangeRecord exchange =
        exchange("GET", "https://example.com/a;v=1;token=secret/b?c;d=e", true);

    // When
    String text = rendered(event(exchange, AT), false, UTC);
    String json = rendered(event(exchange, AT), true, UTC);

    // Then
    assertThat(text).contains(" https://example.com/a;v=1;token=***/b?*** ");
    assertThat(exchange.toString()).contains(" https://example.com/a;v=1;token=***/b?*** ");
    assertTells(JSON.readTree(json), exchange);
    assertThat(json).doesNotContain("secret");
  }

  @Test
  void anyExchangeHasTheBytesOfTheEncodersAndItsJsonParses() throws IOException {
    // Given
    Random random = new Random(20260304);
    LogstashEncoder json = new LogstashEncoder();
    json.setVersion(null);
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setPattern("%d{HH:mm:ss.SSS} %-5level %logger{24} %msg%n");
    text.setCharset(StandardCharsets.UTF_8);
    ZoneId zone = TimeZone.getDefault().toZoneId();
    ExchangeLines jsonLines = new ExchangeLines(true, zone);
    ExchangeLines textLines = new ExchangeLines(false, zone);
    LineBuffer buffer = new LineBuffer(64);

    for (int i = 0; i < 3000; i++) {
      ExchangeRecord exchange = any(random);
      LoggingEvent event = event(exchange, anyTime(random));

      // When
      jsonLines.add(event, exchange, buffer);
      String jsonLine = taken(buffer);
      textLines.add(event, exchange, buffer);
      String textLine = taken(buffer);

      // Then
      assertThat(jsonLine).isEqualTo(encoded(json, event));
      assertThat(textLine).isEqualTo(encoded(text, event));
      assertTells(JSON.readTree(jsonLine), exchange);
    }
  }

  @Test
  void everyCharacterOfEightBitsCanStandInAnyText() throws IOException {
    // Given
    StringBuilder all = new StringBuilder();
    for (char c = 0; c < 256; c++) {
      all.append(c);
    }
    LineBuffer buffer = new LineBuffer(16);

    // When
    buffer.add((byte) '"');
    buffer.add(all.toString(), true);
    buffer.add((byte) '"');

    // Then
    assertThat(JSON.readTree(taken(buffer)).asText()).isEqualTo(all.toString());
  }

  @Test
  void halfASurrogatePairIsReplacedAndTheLineParses() throws IOException {
    // Given
    LineBuffer buffer = new LineBuffer(16);

    // When
    buffer.add((byte) '"');
    buffer.add("a\ud83d b\udc20\ud83d\udc20", true);
    buffer.add((byte) '"');

    // Then
    assertThat(JSON.readTree(taken(buffer)).asText()).isEqualTo("a\ufffd b\ufffd\ud83d\udc20");
  }

  @Test
  void numbersOfAnySize() throws IOException {
    // Given
    LineBuffer buffer = new LineBuffer(1);

    for (long number : new long[] {0, 9, 10, 99, 100, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      // When
      buffer.add(number);

      // Then
      assertThat(taken(buffer)).isEqualTo(Long.toString(number));
    }
  }

  @Test
  void onlyAnEventOfAnExchangeAloneIsRenderedHere() {
    // Given
    ExchangeRecord exchange = exchange("GET", "http://a/", true);
    LoggingEvent more =
        new LoggingEvent("", LOGGER, Level.INFO, "{}", null, new Object[] {exchange, "more"});

    // When and then
    assertThat(ExchangeLines.told(event(exchange, AT))).isSameAs(exchange);
    assertThat(ExchangeLines.told(more)).isNull();
    assertThat(
            ExchangeLines.told(
                new LoggingEvent("", LOGGER, Level.INFO, "of {}", null, new Object[] {exchange})))
        .isNull();
  }

  private static void assertTells(JsonNode line, ExchangeRecord exchange) {
    assertThat(line.get("id").asText()).isEqualTo(exchange.id());
    assertThat(line.get("method").asText()).isEqualTo(LogText.escaped(exchange.method()));
    assertThat(line.get("url").asText()).isEqualTo(LogText.url(exchange.url()));
    assertThat(line.get("message").asText()).isEqualTo(exchange.toString());
    assertThat(line.get("status").asInt()).isEqualTo(exchange.status());
    assertThat(line.get("bytes").asLong()).isEqualTo(exchange.bytes());
    assertThat(line.get("ms").asLong()).isEqualTo(exchange.millis());
    assertThat(line.has("policy")).isEqualTo(!exchange.policy().isEmpty());
    assertThat(line.has("note")).isEqualTo(!exchange.note().isEmpty());
    assertThat(line.has("leader")).isEqualTo(exchange.leader() != null);
    assertThat(line.has("complete")).isEqualTo(!exchange.complete());
  }

  private static ExchangeRecord exchange(String method, String url, boolean complete) {
    return new ExchangeRecord(
        "00ab",
        new InetSocketAddress(address(192, 0, 2, 255), 40001),
        method,
        url,
        200,
        ServeReason.COLLAPSED,
        "Standard",
        "",
        "ff01",
        1024,
        7,
        complete);
  }

  private static ExchangeRecord any(Random random) {
    ServeReason[] reasons = ServeReason.values();
    return new ExchangeRecord(
        anyText(random, 16),
        anyClient(random),
        anyText(random, 8),
        anyText(random, 200),
        random.nextInt(1000),
        reasons[random.nextInt(reasons.length)],
        random.nextBoolean() ? "" : anyText(random, 12),
        random.nextBoolean() ? "" : anyText(random, 30),
        random.nextBoolean() ? null : anyText(random, 16),
        random.nextLong() >>> random.nextInt(64),
        random.nextInt() >>> random.nextInt(1, 32),
        random.nextBoolean());
  }

  private static InetSocketAddress anyClient(Random random) {
    int port = random.nextInt(65536);
    return switch (random.nextInt(3)) {
      case 0 -> InetSocketAddress.createUnresolved("unresolved", port);
      case 1 -> {
        int[] octets = random.ints(16, 0, 256).toArray();
        octets[0] = 0x20; // not one that Java turns into IPv4
        yield new InetSocketAddress(address(octets), port);
      }
      default -> new InetSocketAddress(address(random.ints(4, 0, 256).toArray()), port);
    };
  }

  private static InetAddress address(int... octets) {
    byte[] bytes = new byte[octets.length];
    for (int i = 0; i < octets.length; i++) {
      bytes[i] = (byte) octets[i];
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static String anyText(Random random, int most) {
    boolean plain = random.nextInt(3) > 0;
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(most + 1); left > 0; left--) {
      if (random.nextInt(100) == 0) {
        text.append(";token=");
      } else if (plain) {
        text.append((char) ('a' + random.nextInt(26)));
      } else if (random.nextInt(20) == 0) {
        text.appendCodePoint(0x1f600 + random.nextInt(64));
      } else {
        text.append(ODD.charAt(random.nextInt(ODD.length())));
      }
    }
    return text.toString();
  }

  private static Instant anyTime(Random random) {
    long second = AT.getEpochSecond() + random.nextInt(365 * 86400);
    int[] units = {1, 1000, 100_000, 1_000_000, 1_000_000_000};
    int unit = units[random.nextInt(units.length)];
    return Instant.ofEpochSecond(second, random.nextInt(1_000_000_000 / unit) * (long) unit);
  }

  private static LoggingEvent event(ExchangeRecord exchange, Instant at) {
    LoggingEvent event =
        new LoggingEvent("", LOGGER, Level.INFO, "{}", null, new Object[] {exchange});
    event.setInstant(at);
    event.setThreadName("weir-7");
    return event;
  }

  private static String encoded(Encoder<ILoggingEvent> encoder, ILoggingEvent event) {
    if (!encoder.isStarted()) {
      encoder.setContext(CONTEXT);
      encoder.start();
    }
    return new String(encoder.encode(event), StandardCharsets.UTF_8);
  }

  private static String rendered(ILoggingEvent event, boolean json, ZoneId zone)
      throws IOException {
    LineBuffer buffer = new LineBuffer(16);
    new ExchangeLines(json, zone).add(event, exchangeOf(event), buffer);
    return taken(buffer);
  }

  private static ExchangeRecord exchangeOf(ILoggingEvent event) {
    return (ExchangeRecord) event.getArgumentArray()[0];
  }

  private static String taken(LineBuffer buffer) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    buffer.writeTo(out);
    buffer.clear();
    return out.toString(StandardCharsets.UTF_8);
  }
}
