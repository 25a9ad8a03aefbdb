package dev.weir.filters;

import org.jspecify.annotations.Nullable;

/** Filters cannot be had as they are configured; one sentence says why. */
public final class PluginException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PluginException(String sentence, @Nullable Throwable cause) {
    super(sentence, cause);
  }
}
