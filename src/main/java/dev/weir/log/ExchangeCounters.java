package dev.weir.log;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** How many exchanges ended how, since the start. Any thread. */
public final class ExchangeCounters {
  private final Map<ServeReason, LongAdder> reasons = new EnumMap<>(ServeReason.class);
  private final LongAdder[] statusClasses = adders(6);
  private final LongAdder bytes = new LongAdder();
  private final LongAdder hitBytes = new LongAdder();
  private final LongAdder cut = new LongAdder();
  private final LongAdder millis = new LongAdder();

  ExchangeCounters() {
    for (ServeReason reason : ServeReason.values()) {
      reasons.put(reason, new LongAdder());
    }
  }

  void count(ExchangeRecord exchange) {
    adder(exchange.reason()).increment();
    statusClasses[Math.clamp(exchange.status() / 100, 0, 5)].increment();
    bytes.add(exchange.bytes());
    if (exchange.reason().kind() == ServeReason.Kind.HIT) {
      hitBytes.add(exchange.bytes());
    }
    if (!exchange.complete()) {
      cut.increment();
    }
    millis.add(exchange.millis());
  }

  public long count(ServeReason reason) {
    return adder(reason).sum();
  }

  /** By the status's first digit, 1 to 5; 0 holds what is none of these. */
  public long statusClass(int firstDigit) {
    return statusClasses[firstDigit].sum();
  }

  public long bytesSent() {
    return bytes.sum();
  }

  /** Of these, from what was stored. */
  public long bytesFromStore() {
    return hitBytes.sum();
  }

  /** Responses whose body did not reach its end. */
  public long cutShort() {
    return cut.sum();
  }

  /** Of all exchanges together, request to last body byte. */
  public long totalMillis() {
    return millis.sum();
  }

  private LongAdder adder(ServeReason reason) {
    return Objects.requireNonNull(reasons.get(reason)); // every reason has one from the start
  }

  private static LongAdder[] adders(int count) {
    LongAdder[] adders = new LongAdder[count];
    for (int i = 0; i < count; i++) {
      adders[i] = new LongAdder();
    }
    return adders;
  }
}
