package dev.weir.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.weir.http.SecretParameters;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * Renders the line of an exchange straight into bytes, the same bytes that the encoders of all
 * other lines make of an {@link ExchangeRecord}: a request's line is most of what a node logs, and
 * they take four times as long. One thread.
 *
 * <p>The JSON form says most facts twice, in the message and as members: the members copy the
 * message's bytes.
 */
final class ExchangeLines {
  private static final byte[] TIMESTAMP = ascii("{\"@timestamp\":\"");
  private static final byte[] MESSAGE = ascii("\",\"message\":\"");
  private static final byte[] LOGGER = ascii("\",\"logger_name\":\"");
  private static final byte[] THREAD = ascii("\",\"thread_name\":\"");
  private static final byte[] LEVEL = ascii("\",\"level\":\"");
  private static final byte[] LEVEL_VALUE = ascii("\",\"level_value\":");
  private static final byte[] ID = ascii(",\"id\":\"");
  private static final byte[] CLIENT = ascii("\",\"client\":\"");
  private static final byte[] METHOD = ascii("\",\"method\":\"");
  private static final byte[] URL = ascii("\",\"url\":\"");
  private static final byte[] STATUS = ascii("\",\"status\":");
  private static final byte[] REASON = ascii(",\"reason\":\"");
  private static final byte[] POLICY = ascii("\",\"policy\":\"");
  private static final byte[] NOTE = ascii("\",\"note\":\"");
  private static final byte[] LEADER = ascii("\",\"leader\":\"");
  private static final byte[] BYTES = ascii("\",\"bytes\":");
  private static final byte[] MILLIS = ascii(",\"ms\":");
  private static final byte[] INCOMPLETE = ascii(",\"complete\":false");
  private static final byte[] MASKED = ascii("?***");
  private static final byte[] LED = ascii(" leader=");
  private static final byte[] CUT = ascii(" cut");
  private static final byte[] BYTES_UNIT = ascii("B ");
  private static final byte[] MILLIS_UNIT = ascii("ms");
  private static final byte[] END = ascii(System.lineSeparator());

  private final boolean json;
  private final LineTime time;

  // Where the parts of the message that is being made end; each begins after one more byte.
  private int idEnd;
  private int clientEnd;
  private int methodEnd;
  private int urlEnd;

  ExchangeLines(boolean json, ZoneId zone) {
    this.json = json;
    this.time = new LineTime(zone);
  }

  /** The exchange that an event tells of and nothing else, or null. */
  static @Nullable ExchangeRecord told(ILoggingEvent event) {
    Object[] arguments = event.getArgumentArray();
    return arguments != null
            && arguments.length == 1
            && arguments[0] instanceof ExchangeRecord exchange
            && ExchangeLog.MESSAGE.equals(event.getMessage())
        ? exchange
        : null;
  }

  void add(ILoggingEvent event, ExchangeRecord exchange, LineBuffer line) {
    if (json) {
      addJson(event, exchange, line);
    } else {
      addText(event, exchange, line);
    }
  }

  private void addText(ILoggingEvent event, ExchangeRecord exchange, LineBuffer line) {
    time.addClock(event.getInstant(), line);
    String level = event.getLevel().toString();
    line.add((byte) ' ');
    line.add(level, false);
    for (int width = level.length(); width < 6; width++) {
      line.add((byte) ' ');
    }
    line.add(event.getLoggerName(), false);
    line.add((byte) ' ');
    addMessage(exchange, line);
    line.add(END);
  }

  private void addJson(ILoggingEvent event, ExchangeRecord exchange, LineBuffer line) {
    line.add(TIMESTAMP);
    time.addDate(event.getInstant(), line);
    line.add(MESSAGE);
    int message = line.count();
    addMessage(exchange, line);
    line.add(LOGGER);
    line.add(event.getLoggerName(), true);
    line.add(THREAD);
    line.add(event.getThreadName(), true);
    Level level = event.getLevel();
    line.add(LEVEL);
    line.add(level.toString(), true);
    line.add(LEVEL_VALUE);
    line.add(level.toInt());
    line.add(ID);
    line.again(message, idEnd);
    line.add(CLIENT);
    line.again(idEnd + 1, clientEnd);
    line.add(METHOD);
    line.again(clientEnd + 1, methodEnd);
    line.add(URL);
    line.again(methodEnd + 1, urlEnd);
    addRest(exchange, line);
    line.add((byte) '}');
    line.add(END);
  }

  private void addRest(ExchangeRecord exchange, LineBuffer line) {
    line.add(STATUS);
    line.add(exchange.status());
    line.add(REASON);
    line.add(exchange.reason().label(), true);
    if (!exchange.policy().isEmpty()) {
      line.add(POLICY);
      line.add(exchange.policy(), true);
    }
    if (!exchange.note().isEmpty()) {
      line.add(NOTE);
      line.addEscaped(exchange.note(), 0, exchange.note().length(), true);
    }
    if (exchange.leader() != null) {
      line.add(LEADER);
      line.add(exchange.leader(), true);
    }
    line.add(BYTES);
    line.add(exchange.bytes());
    line.add(MILLIS);
    line.add(exchange.millis());
    if (!exchange.complete()) {
      line.add(INCOMPLETE);
    }
  }

  /** As {@link ExchangeRecord#toString}. */
  private void addMessage(ExchangeRecord exchange, LineBuffer line) {
    line.add(exchange.id(), json);
    idEnd = line.count();
    line.add((byte) ' ');
    addClient(exchange.client(), line);
    clientEnd = line.count();
    line.add((byte) ' ');
    line.addEscaped(exchange.method(), 0, exchange.method().length(), json);
    methodEnd = line.count();
    line.add((byte) ' ');
    addUrl(exchange.url(), line);
    urlEnd = line.count();
    line.add((byte) ' ');
    line.add(exchange.status());
    line.add((byte) ' ');
    line.add(exchange.reason().label(), json);
    if (!exchange.note().isEmpty()) {
      line.add((byte) '(');
      line.addEscaped(exchange.note(), 0, exchange.note().length(), json);
      line.add((byte) ')');
    }
    line.add((byte) ' ');
    line.add(exchange.bytes());
    line.add(BYTES_UNIT);
    line.add(exchange.millis());
    line.add(MILLIS_UNIT);
    if (exchange.leader() != null) {
      line.add(LED);
      line.add(exchange.leader(), json);
    }
    if (!exchange.complete()) {
      line.add(CUT);
    }
  }

  private void addUrl(String url, LineBuffer line) {
    int query = url.indexOf('?');
    int end = query < 0 ? url.length() : query;
    if (url.indexOf(';', 0, end) < 0) {
      line.addEscaped(url, 0, end, json);
    } else {
      String path = SecretParameters.maskedInPath(url.substring(0, end));
      line.addEscaped(path, 0, path.length(), json);
    }
    if (query >= 0) {
      line.add(MASKED);
    }
  }

  private void addClient(InetSocketAddress client, LineBuffer line) {
    InetAddress address = client.getAddress();
    if (address instanceof Inet4Address) {
      byte[] octets = address.getAddress();
      for (int at = 0; at < octets.length; at++) {
        if (at > 0) {
          line.add((byte) '.');
        }
        line.add(octets[at] & 0xff);
      }
    } else {
      line.add(address == null ? "-" : address.getHostAddress(), json);
    }
    line.add((byte) ':');
    line.add(client.getPort());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
