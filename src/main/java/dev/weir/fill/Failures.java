package dev.weir.fill;

import dev.weir.origin.OriginFailure;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What went wrong with a fetch, as a failure of the origin. */
final class Failures {
  private Failures() {}

  static OriginFailure of(@Nullable Throwable failed) {
    Throwable cause =
        failed instanceof CompletionException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    return cause instanceof OriginFailure known
        ? known
        : new OriginFailure(OriginFailure.Kind.BAD_RESPONSE, "The origin could not be read", cause);
  }
}
