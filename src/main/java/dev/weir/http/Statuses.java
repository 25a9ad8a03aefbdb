package dev.weir.http;

/** What the status of a response alone says about storing it (RFC 9110 15.1, RFC 9111 3). */
final class Statuses {
  private Statuses() {}

  /** Statuses that may be given a lifetime by guess. */
  static boolean isHeuristicallyCacheable(int status) {
    return switch (status) {
      case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501 -> true;
      default -> false;
    };
  }

  /** Final statuses whose meaning for a cache this code knows ({@code must-understand}). */
  static boolean isUnderstood(int status) {
    return switch (status) {
      case 200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 501 -> true;
      default -> false;
    };
  }

  /**
   * Statuses that speak of one request or one connection, not of the resource: storing them would
   * let one client's bad request answer everybody (cache poisoning by error pages), or is forbidden
   * outright (428, 429, 431, 511: RFC 6585). Not 400 and 414, which may be of the target alone: the
   * former is stored with an explicit lifetime only.
   */
  static boolean isAboutTheRequest(int status) {
    return switch (status) {
      case 401, 402, 407, 408, 411, 412, 413, 415, 416, 417, 421, 422, 425, 426, 428 -> true;
      case 429, 431, 505, 511 -> true;
      default -> false;
    };
  }
}
