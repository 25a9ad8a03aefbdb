package dev.weir.store;

import java.io.IOException;

/**
 * A store could not do what was asked; the message names the store and the cause in one sentence.
 */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller can do about it. */
  public enum Kind {
    FAILED,
    /** The disk, or a quota, is full: serve uncached and go on. */
    FULL,
    /** What was asked for is not there, or not what its name says: fetch it anew. */
    ABSENT,
    /** The store does not answer; what is in it may be as good as ever. */
    UNAVAILABLE
  }

  private final Kind kind;

  public StoreException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public StoreException(String message, boolean full, Throwable cause) {
    this(full ? Kind.FULL : Kind.FAILED, message, cause);
  }

  public StoreException(String message) {
    this(Kind.FAILED, message);
  }

  public StoreException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  static StoreException full(String message) {
    return new StoreException(Kind.FULL, message);
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

  public Kind kind() {
    return kind;
  }

  /** Whether the disk (or quota) was full: the caller serves uncached and goes on. */
  public boolean isFull() {
    return kind == Kind.FULL;
  }
}
