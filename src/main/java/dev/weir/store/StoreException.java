package dev.weir.store;

import java.io.IOException;

/**
 * A store could not do what was asked; the message names the store and the cause in one sentence.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final boolean full;

  public StoreException(String message, boolean full, Throwable cause) {
    super(message, cause);
    this.full = full;
  }

  public StoreException(String message) {
    this(message, false);
  }

  private StoreException(String message, boolean full) {
    super(message);
    this.full = full;
  }

  static StoreException full(String message) {
    return new StoreException(message, true);
  }

  /** Says what failed and why, and notices a full disk or quota in the operating system's words. */
  public static StoreException of(String what, IOException cause) {
    return new StoreException(what + ": " + reason(cause), saysFull(cause), cause);
  }

  private static String reason(IOException cause) {
    String text = cause.getMessage();
    return text == null ? cause.getClass().getSimpleName() : text;
  }

  /** ENOSPC and EDQUOT; Java has no type for them. */
  private static boolean saysFull(IOException cause) {
    String text = reason(cause);
    return text.contains("No space left on device")
        || text.contains("Disk quota exceeded")
        || text.contains("not enough space on the disk");
  }

  /** Whether the disk (or quota) was full: the caller serves uncached and goes on. */
  public boolean isFull() {
    return full;
  }
}
