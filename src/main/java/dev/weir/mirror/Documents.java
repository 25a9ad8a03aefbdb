package dev.weir.mirror;

import dev.weir.edge.ExchangeHandler;

/**
 * What stands between a mirror and the exchange for documents that cannot go to clients as they
 * are: index pages with links to other hosts, say. It may answer by itself, ask for something else,
 * or change what comes back; most requests it passes through untouched.
 */
@FunctionalInterface
public interface Documents {
  /** Every document as it comes. */
  Documents UNTOUCHED = (asked, exchange) -> exchange;

  /**
   * What is to handle that request.
   *
   * @param exchange what would handle it otherwise; it takes {@link Asked#origin}
   */
  ExchangeHandler over(Asked asked, ExchangeHandler exchange);
}
