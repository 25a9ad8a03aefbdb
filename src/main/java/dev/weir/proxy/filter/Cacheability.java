package dev.weir.proxy.filter;

import java.time.Duration;

/** Whether a response is stored. */
public sealed interface Cacheability {
  Cacheability AS_JUDGED = new AsJudged();

  /** As RFC 9111 and the rules say. */
  record AsJudged() implements Cacheability {}

  /** Not, for a reason that is told in Cache-Status and the log: a token. */
  record No(String reason) implements Cacheability {
    public No {
      if (!reason.matches("[a-z0-9-]{1,40}")) {
        throw new IllegalArgumentException("not a token: " + reason);
      }
    }
  }

  /**
   * Yes, and fresh for so long whatever the origin says of it; what is private is made public by
   * this. Never a partial or interim response, nor one that varies by everything.
   */
  record For(Duration lifetime) implements Cacheability {}
}
