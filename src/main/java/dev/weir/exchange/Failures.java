package dev.weir.exchange;

import dev.weir.edge.EdgeResponse;
import dev.weir.filters.BodyRefused;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.Phase;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.http.Headers;
import dev.weir.http.OriginTrouble;
import dev.weir.log.LogText;
import dev.weir.log.ServeReason;
import dev.weir.origin.OriginFailure;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.respond.Problem;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The errors a client gets from us, each naming its cause. */
final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private final Answers answers;

  Failures(Answers answers) {
    this.answers = answers;
  }

  /** The origin gave no usable response and nothing stored may stand in. */
  EdgeResponse origin(Exchange x, OriginFailure failure, Forward why) {
    EdgeResponse byBody = brokenByFilter(x, failure);
    if (byBody != null) {
      return byBody;
    }
    OriginFailure.Kind kind = failure.kind();
    String said = failure.getMessage();
    Problem problem =
        new Problem(failure.status(), kind.label(), said == null ? "The origin failed." : said);
    long waitMillis = failure.retryAfterMillis();
    Headers more =
        waitMillis == 0
            ? Headers.EMPTY
            : Headers.of("Retry-After", Long.toString((waitMillis + 999) / 1000));
    Told told = Told.forward(reason(kind), why, kind.label());
    if (!x.filters.has(Phase.FAIL_TO_PROXY)) {
      return answers.problem(x, problem, more, told);
    }
    FilterResponse usual = page(x, problem, more);
    FilterResponse page = x.filters.failToProxy(UpstreamFilters.told(failure), usual);
    return page.equals(usual)
        ? answers.problem(x, problem, more, told)
        : answers.made(x, page, told);
  }

  private static ServeReason reason(OriginFailure.Kind kind) {
    return switch (kind) {
      case LOOP -> ServeReason.LOOP;
      case FILTER -> ServeReason.FILTER_FAILED;
      default -> ServeReason.ORIGIN_FAILED;
    };
  }

  private static FilterResponse page(Exchange x, Problem problem, Headers more) {
    Headers.Builder fields =
        Headers.of("Content-Type", Problem.MEDIA_TYPE, "Cache-Control", "no-store").toBuilder();
    return FilterResponse.of(problem.status(), fields.addAll(more).build(), problem.json(x.id));
  }

  /** A filter has broken off the request's body: that is what the client is told. */
  private @Nullable EdgeResponse brokenByFilter(Exchange x, OriginFailure failure) {
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof BodyRefused refused) {
        String said = refused.getMessage();
        return answers.problem(
            x,
            new Problem(
                refused.status(),
                ServeReason.FILTER_ANSWER.label(),
                said == null ? "A filter refused the body." : said),
            Told.own(ServeReason.FILTER_ANSWER).withNote(refused.filter()));
      }
      if (cause instanceof FilterFailure failed && failed.phase() == Phase.REQUEST_BODY) {
        return answers.filterFailed(x, failed);
      }
    }
    return null;
  }

  EdgeResponse onlyIfCached(Exchange x) {
    return own(
        x,
        504,
        ServeReason.ONLY_IF_CACHED,
        "Nothing usable is stored, and the request allows nothing else.");
  }

  EdgeResponse denied(Exchange x, int status) {
    return own(
        x, status, ServeReason.DENIED, "Rule '" + x.route.ruleName() + "' refuses this request.");
  }

  EdgeResponse throttled(Exchange x, long retryAfterSeconds) {
    return answers.problem(
        x,
        new Problem(
            429, ServeReason.THROTTLED.label(), "A rule allows your network no more requests now."),
        Headers.of("Retry-After", Long.toString(retryAfterSeconds)),
        Told.own(ServeReason.THROTTLED));
  }

  EdgeResponse loop(Exchange x) {
    return own(x, 508, ServeReason.LOOP, "The request has passed this cache before: Via names it.");
  }

  EdgeResponse clientGone(Exchange x) {
    return own(x, 503, ServeReason.CLIENT_GONE, "The client closed the connection.");
  }

  /** A fault of ours, told to the log with its trace and to the client by its id. */
  EdgeResponse internal(Exchange x, Throwable failure) {
    FilterFailure byFilter = filterFailure(failure);
    if (byFilter != null) {
      return answers.filterFailed(x, byFilter);
    }
    boolean silent =
        x.filters.has(Phase.SUPPRESS_ERROR_LOG)
            && x.filters.suppressErrorLog(String.valueOf(failure));
    if (!silent) {
      String summary =
          x.filters.has(Phase.REQUEST_SUMMARY)
              ? " " + LogText.escaped(x.filters.requestSummary())
              : "";
      LOG.error("Exchange {} failed{}", x.id, summary, failure);
    }
    return own(x, 500, ServeReason.INTERNAL_ERROR, "The cache failed on this request.");
  }

  private EdgeResponse own(Exchange x, int status, ServeReason reason, String detail) {
    return answers.problem(x, new Problem(status, reason.label(), detail), Told.own(reason));
  }

  /** The filter's failure inside what a stage completed with, or null if it is none. */
  static @Nullable FilterFailure filterFailure(Throwable failed) {
    Throwable cause = failed;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof FilterFailure known ? known : null;
  }

  /** The failure inside what a stage completed with, or null if it is a fault of ours. */
  static @Nullable OriginFailure originFailure(@Nullable Throwable failed) {
    Throwable cause = failed;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof OriginFailure known ? known : null;
  }

  /** What a failure means for stale content; null where stale content is no answer to it. */
  static @Nullable OriginTrouble trouble(OriginFailure failure) {
    return switch (failure.kind()) {
      case EGRESS_DENIED, LOOP, FILTER -> null;
      case CONNECT_TIMEOUT, HEAD_TIMEOUT, IDLE_TIMEOUT -> OriginTrouble.TIMED_OUT;
      // What is remembered of the origin stands for what it would do now.
      case CIRCUIT_OPEN -> failure.timedOut() ? OriginTrouble.TIMED_OUT : OriginTrouble.UNREACHABLE;
      // As if the origin had said so.
      case OVER_LIMIT -> new OriginTrouble.Answered(failure.status());
      case RESOLVE, CONNECT, TLS, BAD_RESPONSE, CLOSED, TRUNCATED, OVERLOADED ->
          OriginTrouble.UNREACHABLE;
    };
  }
}
