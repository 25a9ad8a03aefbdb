package dev.weir.log;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where finished exchanges go: counted, then one line each on the logger {@code weir.exchange}. */
public final class ExchangeLog implements Consumer<ExchangeRecord> {
  static final String MESSAGE = "{}";
  private static final Logger LINES = LoggerFactory.getLogger("weir.exchange");
  private final ExchangeCounters counters = new ExchangeCounters();

  @Override
  public void accept(ExchangeRecord exchange) {
    counters.count(exchange);
    LINES.info(MESSAGE, exchange);
  }

  public ExchangeCounters counters() {
    return counters;
  }
}
