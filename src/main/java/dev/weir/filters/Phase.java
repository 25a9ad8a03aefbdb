package dev.weir.filters;

import dev.weir.proxy.filter.Filter;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;

/** The phases: one for each method of {@link Filter}, by its name. */
public enum Phase {
  NEW_CONTEXT("newContext", OnFailure.REFUSE),
  EARLY_REQUEST("earlyRequest", OnFailure.REFUSE),
  REQUEST("request", OnFailure.REFUSE),
  CACHE_POLICY("cachePolicy", OnFailure.REFUSE),
  KEY("key", OnFailure.REFUSE),
  PURGE("purge", OnFailure.REFUSE),
  PURGE_ANSWER("purgeAnswer", OnFailure.SKIP),
  BODIES("bodies", OnFailure.REFUSE),
  RANGE("range", OnFailure.SKIP),
  LOOKUP("lookup", OnFailure.REFUSE),
  VARY("vary", OnFailure.DROP),
  HIT("hit", OnFailure.MISS),
  MISS("miss", OnFailure.PASS),
  NOT_MODIFIED("notModified", OnFailure.SKIP),
  SERVE_STALE("serveStale", OnFailure.SKIP),
  BEFORE_UPSTREAM("beforeUpstream", OnFailure.REFUSE),
  REQUEST_BODY("requestBody", OnFailure.REFUSE),
  CHOOSE_UPSTREAM("chooseUpstream", OnFailure.FAIL_UPSTREAM),
  UPSTREAM_REQUEST("upstreamRequest", OnFailure.FAIL_UPSTREAM),
  CONNECTED("connected", OnFailure.SKIP),
  CONNECT_FAILED("connectFailed", OnFailure.SKIP),
  UPSTREAM_ERROR("upstreamError", OnFailure.SKIP),
  INTERIM("interim", OnFailure.DROP),
  UPSTREAM_RESPONSE("upstreamResponse", OnFailure.FAIL_UPSTREAM),
  UPSTREAM_BODY("upstreamBody", OnFailure.FAIL_UPSTREAM),
  CACHEABLE("cacheable", OnFailure.DROP),
  RESPONSE_BODY("responseBody", OnFailure.REFUSE),
  RESPONSE("response", OnFailure.REFUSE),
  FAIL_TO_PROXY("failToProxy", OnFailure.SKIP),
  SUPPRESS_ERROR_LOG("suppressErrorLog", OnFailure.SKIP),
  REQUEST_SUMMARY("requestSummary", OnFailure.SKIP),
  LOGGING("logging", OnFailure.SKIP);

  /** What becomes of an exchange in which a filter throws, or is late. */
  public enum OnFailure {
    /** 500: what the filter would have forbidden must not happen because it failed. */
    REFUSE("500"),
    /** 502, nothing stored, no stale copy. */
    FAIL_UPSTREAM("502"),
    /** As if nothing were stored. */
    MISS("miss"),
    /** Past the cache. */
    PASS("pass"),
    /** The response is not stored, nor what is stored used; the interim response is kept back. */
    DROP("dropped"),
    /** As if the filter had not been asked. */
    SKIP("skipped");

    private final String label;

    OnFailure(String label) {
      this.label = label;
    }

    public String label() {
      return label;
    }
  }

  /** The phases that {@link #BODIES} is about. */
  static final List<Phase> OF_BODIES = List.of(REQUEST_BODY, UPSTREAM_BODY, RESPONSE_BODY);

  private final String method;
  private final OnFailure onFailure;

  Phase(String method, OnFailure onFailure) {
    this.method = method;
    this.onFailure = onFailure;
  }

  /** The method's name: in metrics, logs and the documentation. */
  public String label() {
    return method;
  }

  public OnFailure onFailure() {
    return onFailure;
  }

  /** Whether it is part of what is done round a request upstream. */
  boolean isUpstream() {
    return switch (this) {
      case CHOOSE_UPSTREAM,
          UPSTREAM_REQUEST,
          CONNECTED,
          CONNECT_FAILED,
          UPSTREAM_ERROR,
          UPSTREAM_RESPONSE,
          UPSTREAM_BODY ->
          true;
      default -> false;
    };
  }

  /** Whether that filter has a method of its own for this phase. */
  boolean isOverriddenBy(Class<?> filter) {
    Method declared =
        Arrays.stream(Filter.class.getDeclaredMethods())
            .filter(one -> one.getName().equals(method))
            .findFirst()
            .orElseThrow();
    try {
      return filter.getMethod(method, declared.getParameterTypes()).getDeclaringClass()
          != Filter.class;
    } catch (NoSuchMethodException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
