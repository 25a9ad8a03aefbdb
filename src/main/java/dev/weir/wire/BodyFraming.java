package dev.weir.wire;

/** How the end of a message's body is found (RFC 9112 6.3). */
public sealed interface BodyFraming {
  BodyFraming NONE = new None();
  BodyFraming CHUNKED = new Chunked();
  BodyFraming UNTIL_CLOSE = new UntilClose();

  static BodyFraming length(long bytes) {
    return bytes == 0 ? NONE : new Length(bytes);
  }

  /** There is no body, or one of no bytes. */
  record None() implements BodyFraming {}

  /** So many bytes; never 0. */
  record Length(long bytes) implements BodyFraming {}

  /** The chunked transfer coding. */
  record Chunked() implements BodyFraming {}

  /** Everything until the connection ends; responses only. */
  record UntilClose() implements BodyFraming {}
}
