package dev.weir.http;

/** The head of one response: status, reason phrase (may be empty) and the fields. */
public record ResponseHead(int status, String reason, Headers headers) {
  public ResponseHead {
    if (status < 100 || status > 999) {
      throw new IllegalArgumentException("not a status: " + status);
    }
  }

  public ResponseHead withHeaders(Headers replaced) {
    return new ResponseHead(status, reason, replaced);
  }
}
