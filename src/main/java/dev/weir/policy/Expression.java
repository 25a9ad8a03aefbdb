package dev.weir.policy;

import dev.weir.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * Something that a rule works out of a request, and sometimes of its response, in a language that
 * this room does not know. Pure and bounded; any thread.
 */
public interface Expression<T> {
  /**
   * The value, or null where there is none: it says nothing, cannot be evaluated or would cost too
   * much. Never throws.
   *
   * @param response the head of the response, or null as long as there is none
   */
  @Nullable T value(Subject subject, @Nullable ResponseHead response);

  /** Whether it asks about the response. */
  boolean asksResponse();

  /** As it is written. */
  String text();
}
