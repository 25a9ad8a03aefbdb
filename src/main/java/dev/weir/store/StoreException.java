package dev.weir.store;

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

  /** Whether the disk (or quota) was full: the caller serves uncached and goes on. */
  public boolean isFull() {
    return full;
  }
}
