package dev.weir.filters;

import org.jspecify.annotations.Nullable;

/** A filter threw, or did not answer in time, in a phase that cannot go on without its word. */
public final class FilterFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String filter;
  private final Phase phase;

  FilterFailure(String filter, Phase phase, @Nullable Throwable cause) {
    super("Filter '" + filter + "' failed in " + phase.label() + ".", cause, false, false);
    this.filter = filter;
    this.phase = phase;
  }

  public String filter() {
    return filter;
  }

  public Phase phase() {
    return phase;
  }
}
