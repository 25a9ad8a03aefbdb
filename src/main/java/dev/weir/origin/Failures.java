package dev.weir.origin;

import dev.weir.http.Authority;
import dev.weir.wire.GuardViolation;
import java.net.InetSocketAddress;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Puts what went wrong into the words of {@link OriginFailure}. Pure. */
final class Failures {
  private Failures() {}

  /** While connecting. */
  static OriginFailure ofConnect(
      Throwable thrown, Authority authority, InetSocketAddress address, ClientEngines engines) {
    Throwable cause = unwrapped(thrown);
    String where = authority.host() + " (" + text(address) + ")";
    if (cause instanceof OriginFailure known) {
      return known;
    }
    if (cause instanceof TimeoutException) {
      return connectTimeout(where);
    }
    SSLException tls = inChain(cause, SSLException.class);
    if (tls != null) {
      return new OriginFailure(OriginFailure.Kind.TLS, engines.explain(tls), tls);
    }
    return new OriginFailure(
        OriginFailure.Kind.CONNECT, "Cannot connect to " + where + ": " + reason(cause), cause);
  }

  static OriginFailure connectTimeout(String where) {
    return new OriginFailure(
        OriginFailure.Kind.CONNECT_TIMEOUT, "Connecting to " + where + " took too long.", null);
  }

  static OriginFailure total(long millis) {
    return new OriginFailure(
        OriginFailure.Kind.IDLE_TIMEOUT,
        "The whole exchange with the origin took longer than " + millis + " ms.",
        null);
  }

  static OriginFailure head(long millis) {
    return new OriginFailure(
        OriginFailure.Kind.HEAD_TIMEOUT,
        "The origin sent no response head for " + millis + " ms.",
        null);
  }

  static OriginFailure silent(long millis) {
    return new OriginFailure(
        OriginFailure.Kind.IDLE_TIMEOUT,
        "The origin sent nothing of the body for " + millis + " ms.",
        null);
  }

  static OriginFailure unclaimed() {
    return new OriginFailure(OriginFailure.Kind.CLOSED, "Nobody read the response in time.", null);
  }

  /** Within a body: whatever ended the connection, the body is not whole. */
  static OriginFailure ofBody(Throwable thrown) {
    Throwable cause = unwrapped(thrown);
    return switch (cause) {
      case OriginFailure known -> known;
      case GuardViolation violation when isMalformed(violation) -> malformed(violation);
      default ->
          new OriginFailure(
              OriginFailure.Kind.TRUNCATED,
              "The origin's connection ended before the end of the body.",
              cause);
    };
  }

  private static boolean isMalformed(GuardViolation violation) {
    return violation.reason() != GuardViolation.Reason.TRUNCATED
        && violation.reason() != GuardViolation.Reason.CLOSED;
  }

  private static OriginFailure malformed(GuardViolation violation) {
    return new OriginFailure(
        OriginFailure.Kind.BAD_RESPONSE,
        "The origin's response is malformed: " + violation.getMessage(),
        violation);
  }

  /** Before the response head. */
  static OriginFailure ofHead(@Nullable Throwable thrown, boolean reused) {
    Throwable cause = thrown == null ? null : unwrapped(thrown);
    if (cause instanceof OriginFailure known) {
      return known;
    }
    String message = "The origin closed the connection without a response.";
    if (cause instanceof GuardViolation violation) {
      if (isMalformed(violation)) {
        return malformed(violation);
      }
      if (violation.reason() == GuardViolation.Reason.TRUNCATED) {
        message = "The origin closed the connection within the response head.";
        return new OriginFailure(OriginFailure.Kind.CLOSED, message, violation);
      }
    }
    return reused
        ? OriginFailure.closedOnReuse(message, thrown)
        : new OriginFailure(OriginFailure.Kind.CLOSED, message, thrown);
  }

  /** Any other failure, as one of ours. */
  static OriginFailure other(Throwable thrown) {
    Throwable cause = unwrapped(thrown);
    return cause instanceof OriginFailure known
        ? known
        : new OriginFailure(
            OriginFailure.Kind.CLOSED, "The exchange with the origin failed.", cause);
  }

  static Throwable unwrapped(Throwable failure) {
    return failure instanceof CompletionException wrapped && wrapped.getCause() != null
        ? wrapped.getCause()
        : failure;
  }

  static <T extends Throwable> @Nullable T inChain(Throwable thrown, Class<T> type) {
    Throwable cause = thrown;
    for (int depth = 0; cause != null && depth < 10; depth++) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
      cause = cause.getCause();
    }
    return null;
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  /** The operating system's words, without those of the layers above. */
  private static String reason(Throwable thrown) {
    Throwable deepest = thrown;
    for (int depth = 0; deepest.getCause() != null && depth < 10; depth++) {
      deepest = deepest.getCause();
    }
    String words = deepest.getMessage();
    if (words == null || words.isBlank() || words.length() > 120) {
      return "the connection failed.";
    }
    return words.toLowerCase(Locale.ROOT) + ".";
  }
}
