package dev.weir.wire;

/**
 * A message that breaks RFC 9112, a limit or a time budget of {@link GuardSettings}. Carries no
 * stack trace and nothing of the message itself, so it may be logged and shown.
 */
public final class GuardViolation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * What was wrong: {@code label} is the text of logs and metrics, {@code status} what a client is
   * answered, {@code sentence} what the answer says.
   */
  public enum Reason {
    BARE_LF("bare-lf", 400, "A line ends with LF without CR."),
    BARE_CR("bare-cr", 400, "A CR stands without LF."),
    BAD_REQUEST_LINE("bad-request-line", 400, "The request line is malformed."),
    BAD_METHOD("bad-method", 400, "The method is not a token or too long."),
    BAD_TARGET("bad-target", 400, "The request target is malformed."),
    BAD_SCHEME("bad-scheme", 400, "Only http and https URLs can be requested."),
    USERINFO("userinfo", 400, "The request target names a user."),
    BAD_VERSION("bad-version", 505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."),
    H2_PREFACE("h2-preface", 505, "HTTP/2 was not negotiated on this connection."),
    TARGET_TOO_LONG("target-too-long", 414, "The request target is too long."),
    HEAD_TOO_LARGE("head-too-large", 431, "The head is too large."),
    TOO_MANY_FIELDS("too-many-fields", 431, "The head has too many fields."),
    OBS_FOLD("obs-fold", 400, "A field value is folded over lines."),
    SPACE_BEFORE_COLON("space-before-colon", 400, "Whitespace stands before a colon."),
    EMPTY_FIELD_NAME("empty-field-name", 400, "A field has no name."),
    BAD_FIELD_NAME("bad-field-name", 400, "A field name is not a token."),
    BAD_FIELD_VALUE("bad-field-value", 400, "A field value holds a control character."),
    BAD_CONTENT_LENGTH("bad-content-length", 400, "Content-Length is not a number."),
    DUPLICATE_CONTENT_LENGTH(
        "duplicate-content-length", 400, "There is more than one Content-Length."),
    LENGTH_AND_CODING(
        "length-and-coding", 400, "Content-Length and Transfer-Encoding stand together."),
    BAD_TRANSFER_ENCODING("bad-transfer-encoding", 400, "Transfer-Encoding is malformed."),
    UNKNOWN_TRANSFER_CODING("unknown-transfer-coding", 501, "Only chunked is understood."),
    CODING_IN_HTTP_1_0("coding-in-http-1-0", 400, "HTTP/1.0 has no Transfer-Encoding."),
    NO_HOST("no-host", 400, "The request names no host."),
    DUPLICATE_HOST("duplicate-host", 400, "There is more than one Host."),
    BAD_HOST("bad-host", 400, "The host or port is malformed."),
    CONNECT_REFUSED("connect-refused", 400, "CONNECT is not possible here."),
    BAD_CHUNK_SIZE("bad-chunk-size", 400, "A chunk size is malformed or too large."),
    BAD_CHUNK_EXTENSION("bad-chunk-extension", 400, "A chunk extension is malformed or too long."),
    BAD_CHUNK_END("bad-chunk-end", 400, "A chunk does not end where its size says."),
    BAD_TRAILER("bad-trailer", 400, "The trailer section is malformed or too large."),
    MISDIRECTED("misdirected", 421, "This connection is for another host."),
    UNKNOWN_EXPECTATION("unknown-expectation", 417, "Only 100-continue can be expected."),
    HEAD_TIMEOUT("head-timeout", 408, "The head did not arrive in time."),
    BODY_TIMEOUT("body-timeout", 408, "The body did not arrive in time."),
    SEND_STALLED("send-stalled", 408, "The other side stopped reading."),
    BAD_STATUS_LINE("bad-status-line", 502, "The status line is malformed."),
    UNASKED_SWITCH("unasked-switch", 502, "101 was answered to a request without Upgrade."),
    TOO_MANY_INTERIM("too-many-interim", 502, "There were too many interim responses."),
    UNASKED_BYTES("unasked-bytes", 502, "Bytes arrived that no request asked for."),
    TRUNCATED("truncated", 400, "The connection ended within a message."),
    CLOSED("closed", 502, "The connection ended before a response.");

    private final String label;
    private final int status;
    private final String sentence;

    Reason(String label, int status, String sentence) {
      this.label = label;
      this.status = status;
      this.sentence = sentence;
    }

    public String label() {
      return label;
    }

    public int status() {
      return status;
    }

    public String sentence() {
      return sentence;
    }
  }

  private final Reason reason;

  public GuardViolation(Reason reason) {
    super(reason.sentence(), null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
