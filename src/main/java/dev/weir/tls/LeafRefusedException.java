package dev.weir.tls;

/** No leaf is minted for this name; the message is one sentence fit for a client. */
public final class LeafRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why; {@code label} is the text for logs and metrics. */
  public enum Reason {
    NOT_A_NAME("not-a-name"),
    TOO_MANY("too-many-mints"),
    CA_EXPIRED("ca-expired");

    private final String label;

    Reason(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  private final Reason reason;

  LeafRefusedException(Reason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
