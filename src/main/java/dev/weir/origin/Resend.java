package dev.weir.origin;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * When a failed request may be sent once more (RFC 9110 9.2.2, RFC 9112 9.3.1). What was never
 * written is sent again by {@link Origins} itself; this is the other case, a kept connection that
 * died under the request, and it is the caller's decision because stale content comes first.
 */
public final class Resend {
  private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS", "TRACE");

  private Resend() {}

  /** Whether the failure came before any answer, on a kept connection, to a safe request. */
  public static boolean isRight(OriginRequest request, Throwable failure) {
    return unwrapped(failure) instanceof OriginFailure known
        && known.reusedConnection()
        && request.body() == null
        && SAFE.contains(request.head().method());
  }

  /** Fetches, and once more where that is right. */
  public static CompletionStage<OriginResponse> fetch(Origins origins, OriginRequest request) {
    return origins
        .fetch(request)
        .exceptionallyCompose(
            failure ->
                isRight(request, failure)
                    ? origins.fetch(request)
                    : CompletableFuture.failedStage(failure));
  }

  static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException wrapped && wrapped.getCause() != null
        ? wrapped.getCause()
        : failure;
  }
}
