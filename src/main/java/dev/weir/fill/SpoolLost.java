package dev.weir.fill;

/**
 * The bytes that a reader wants are not at hand any more (the disk was full and the window has
 * moved on, or the fill is long over). Its reader has been given nothing if it started there: the
 * request may be asked again from the beginning.
 */
public final class SpoolLost extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SpoolLost(String message) {
    super(message, null, false, false);
  }
}
