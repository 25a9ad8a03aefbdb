package dev.weir.filters;

/** A filter has broken off a body, for a reason the client may know. */
public final class BodyRefused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String filter;
  private final int status;

  BodyRefused(String filter, int status, String sentence) {
    super(sentence, null, false, false);
    this.filter = filter;
    this.status = status;
  }

  public String filter() {
    return filter;
  }

  public int status() {
    return status;
  }
}
