package dev.weir.moving;

/** Says that a document does not become an entry, and why; never leaves this room. */
final class Skipped extends Exception {
  private static final long serialVersionUID = 1;
  private final Reason reason;

  Skipped(Reason reason) {
    super(reason.text(), null, false, false);
    this.reason = reason;
  }

  Skipped(Reason reason, Throwable cause) {
    super(reason.text() + ": " + cause.getMessage(), cause);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
