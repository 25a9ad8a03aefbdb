package dev.weir.http;

/** A way in which an origin fails, for which a rule may allow stale content. */
public enum StaleOn {
  /** It cannot be reached, or its answer broke before a usable head. */
  CONNECT("connect"),
  TIMEOUT("timeout"),
  SERVER_ERROR("5xx"),
  TOO_MANY_REQUESTS("429"),
  /** 404 and 410. */
  NOT_FOUND("not-found"),
  /** Every other 4xx, but for 401, 403 and 407: who may not see it now shall not. */
  CLIENT_ERROR("4xx");

  private final String label;

  StaleOn(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  /** Whether a rule that names this one allows stale content for that trouble. */
  boolean covers(OriginTrouble trouble) {
    return switch (trouble) {
      case OriginTrouble.Unreachable ignored -> this == CONNECT;
      case OriginTrouble.TimedOut ignored -> this == TIMEOUT;
      case OriginTrouble.Answered(int status) ->
          switch (status) {
            case 401, 403, 407 -> false;
            case 404, 410 -> this == NOT_FOUND;
            case 429 -> this == TOO_MANY_REQUESTS;
            default -> status >= 500 ? this == SERVER_ERROR : status >= 400 && this == CLIENT_ERROR;
          };
    };
  }
}
