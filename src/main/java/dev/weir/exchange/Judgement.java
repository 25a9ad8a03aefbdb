package dev.weir.exchange;

import dev.weir.entry.Entry;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Unstored;
import dev.weir.http.CachingMode;
import dev.weir.http.Freshness;
import dev.weir.http.NotModified;
import dev.weir.http.OriginTrouble;
import dev.weir.http.RefreshRule;
import dev.weir.http.RequestDirectives;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StaleOnError;
import dev.weir.http.Storability;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of a response that a fill brings; pure.
 *
 * @param sent the request as the origin got it
 * @param held the entry whose validators were sent, or that would be served if the origin failed
 * @param rangeFillMaxBytes above this a response that a range asked for is not fetched whole;
 *     Long.MAX_VALUE where no range did
 */
record Judgement(
    RequestHead sent,
    CachingMode mode,
    StorageRules rules,
    Function<List<String>, VariantKey> variant,
    @Nullable Entry held,
    long rangeFillMaxBytes)
    implements FillPlan.Judge {

  @Override
  public FillIntent judge(ResponseHead head, long requestTimeMillis, long responseTimeMillis) {
    if (head.status() == 304) {
      return notModified(head, requestTimeMillis, responseTimeMillis);
    }
    if (coversFailure(head.status(), responseTimeMillis)) {
      return new FillIntent.Share(new Unstored.OriginError(head.status()));
    }
    if (head.status() == 200 && declaredBytes(head) > rangeFillMaxBytes) {
      return new FillIntent.Relay(Unstored.Cause.TOO_LARGE_FOR_RANGE);
    }
    return switch (Storability.judge(sent, head, requestTimeMillis, responseTimeMillis, rules)) {
      case Storability.Storable storable when !rules.store() ->
          unstored(storable, Unstored.Cause.STORE_OFF);
      case Storability.Storable storable when declaredBytes(head) > rules.maxObjectBytes() ->
          unstored(storable, Unstored.Cause.MAX_OBJECT);
      case Storability.Storable storable ->
          new FillIntent.Store(
              storable.response(), variant.apply(storable.vary()), storable.vary());
      case Storability.Refused refused -> refused(head.status(), refused.reason());
    };
  }

  /** One answer for all who ask now, where it is the same for all. */
  private static FillIntent unstored(Storability.Storable storable, Unstored reason) {
    return storable.vary().isEmpty() ? new FillIntent.Share(reason) : new FillIntent.Relay(reason);
  }

  private FillIntent notModified(
      ResponseHead head, long requestTimeMillis, long responseTimeMillis) {
    if (held == null) {
      return new FillIntent.Relay(Unstored.Cause.VALIDATOR_MISMATCH);
    }
    StoredResponse stored = held.response();
    if (!NotModified.speaksOf(stored, head.headers())) {
      return new FillIntent.Relay(Unstored.Cause.VALIDATOR_MISMATCH);
    }
    StoredResponse merged =
        NotModified.merge(
            stored, head.headers(), requestTimeMillis, responseTimeMillis, rules.targets());
    if (NotModified.isOfItsClientAlone(sent, merged, rules)) {
      return new FillIntent.Relay(new Unstored.Refused(Storability.Refusal.AUTHORIZATION));
    }
    return mayStay(merged)
        ? new FillIntent.Refresh(held.withResponse(merged))
        : new FillIntent.Relay(Unstored.Cause.MAY_NOT_STAY);
  }

  private boolean mayStay(StoredResponse merged) {
    boolean overruled =
        rules.overrules(RefreshRule.Directive.NO_STORE)
            && rules.overrules(RefreshRule.Directive.PRIVATE);
    return overruled || NotModified.mayStay(merged, rules.targets());
  }

  /**
   * Whether what is held would be served instead: then the failure, even one the origin lets us
   * store, must not take its place.
   */
  private boolean coversFailure(int status, long nowMillis) {
    return held != null
        && status >= 400
        && StaleOnError.allowed(
            nowMillis,
            new OriginTrouble.Answered(status),
            mode,
            RequestDirectives.NONE,
            Freshness.of(held.response(), rules),
            rules.staleOn());
  }

  /** An error is everybody's answer; who may see it, and what is private, is each client's own. */
  private static FillIntent refused(int status, Storability.Refusal reason) {
    if (status >= 500 && reason != Storability.Refusal.PRIVATE) {
      return new FillIntent.Share(new Unstored.OriginError(status));
    }
    boolean aboutCredentials = status == 401 || status == 403 || status == 407;
    boolean shared =
        status >= 400
            && !aboutCredentials
            && !reason.isByResponse()
            && reason != Storability.Refusal.AUTHORIZATION;
    boolean lifeless = status >= 400 && reason == Storability.Refusal.NO_LIFETIME;
    return shared || (lifeless && !aboutCredentials)
        ? new FillIntent.Share(new Unstored.OriginError(status))
        : new FillIntent.Relay(new Unstored.Refused(reason));
  }

  private static long declaredBytes(ResponseHead head) {
    String length = head.headers().first("Content-Length");
    if (length == null || length.isEmpty() || length.length() > 18) {
      return -1;
    }
    for (int i = 0; i < length.length(); i++) {
      if (length.charAt(i) < '0' || length.charAt(i) > '9') {
        return -1;
      }
    }
    return Long.parseLong(length);
  }
}
