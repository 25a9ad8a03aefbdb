package dev.weir.http;

import dev.weir.http.OriginTrouble.Answered;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a stored response is the answer when the origin gave none (RFC 5861 4, RFC 9111 4.2.4),
 * by mode:
 *
 * <ul>
 *   <li>STANDARD: on a lost connection or timeout unless the response forbids stale use; on 500,
 *       502, 503, 504 only within {@code stale-if-error} of response or client, without limit for
 *       {@code immutable}; everything else is relayed.
 *   <li>STALE_IF_ERROR, NO_REFRESH, ALWAYS_VALIDATE: on a lost connection, timeout, every 5xx and
 *       4xx, but never on 401, 403, 407: who may not see it now shall not.
 *   <li>ALWAYS_UPSTREAM: on a lost connection, timeout and 5xx.
 * </ul>
 *
 * <p>Serving it never makes it fresh.
 */
public final class StaleOnError {
  private StaleOnError() {}

  /** As below, by a rule that names the failures, if there is one. */
  public static boolean allowed(
      long nowMillis,
      OriginTrouble trouble,
      CachingMode mode,
      RequestDirectives request,
      FreshnessInfo stored,
      @Nullable Set<StaleOn> byRule) {
    return byRule == null
        ? allowed(nowMillis, trouble, mode, request, stored)
        : byRule.stream().anyMatch(one -> one.covers(trouble));
  }

  /** Whether the stored response may be served instead of that failure. */
  public static boolean allowed(
      long nowMillis,
      OriginTrouble trouble,
      CachingMode mode,
      RequestDirectives request,
      FreshnessInfo stored) {
    return switch (mode) {
      case STANDARD -> standard(nowMillis, trouble, request, stored);
      case STALE_IF_ERROR, NO_REFRESH, ALWAYS_VALIDATE ->
          !(trouble instanceof Answered answered) || isCoverable(answered.status());
      case ALWAYS_UPSTREAM -> !(trouble instanceof Answered answered) || answered.status() >= 500;
    };
  }

  private static boolean standard(
      long nowMillis, OriginTrouble trouble, RequestDirectives request, FreshnessInfo stored) {
    if (stored.ttlMillis(nowMillis) > 0 && !stored.control().noCache()) {
      // Fresh still, only the client wanted it validated: better than an error it did not ask for.
      return !(trouble instanceof Answered answered) || isServerError(answered.status());
    }
    if (stored.forbidsStale()) {
      return false;
    }
    return switch (trouble) {
      case OriginTrouble.Unreachable ignored -> true;
      case OriginTrouble.TimedOut ignored -> true;
      case Answered answered ->
          isServerError(answered.status())
              && -stored.ttlMillis(nowMillis) < windowMillis(request, stored);
    };
  }

  private static long windowMillis(RequestDirectives request, FreshnessInfo stored) {
    return Math.max(stored.staleIfErrorMillis(), request.staleIfErrorSeconds() * 1000);
  }

  /** The statuses RFC 5861 4 counts as an error. */
  private static boolean isServerError(int status) {
    return status == 500 || status == 502 || status == 503 || status == 504;
  }

  private static boolean isCoverable(int status) {
    return status >= 400 && status != 401 && status != 403 && status != 407;
  }
}
