package dev.weir.http;

/**
 * How far OPTIONS and TRACE may go (RFC 9110 7.6.2). For other methods, and where Max-Forwards is
 * malformed, it says nothing and is passed on as it is.
 */
public sealed interface MaxForwards {
  /** More than any chain has; a larger number is lowered to it. */
  long MOST = 1_000_000;

  /** Whoever got the request is to answer it. */
  record Reached() implements MaxForwards {}

  /** It may go on, with these fields. */
  record Onward(Headers headers) implements MaxForwards {}

  static MaxForwards of(RequestHead request) {
    Headers headers = request.headers();
    boolean counts = "OPTIONS".equals(request.method()) || "TRACE".equals(request.method());
    String value = counts ? headers.combined("Max-Forwards") : null;
    if (value == null || value.isEmpty() || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return new Onward(headers);
    }
    String digits = value.replaceFirst("^0+(?=.)", "");
    long left = digits.length() > 7 ? MOST : Math.min(MOST, Long.parseLong(digits));
    return left == 0
        ? new Reached()
        : new Onward(headers.with("Max-Forwards", Long.toString(left - 1)));
  }
}
