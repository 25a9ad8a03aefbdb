package dev.weir.exchange;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import dev.weir.fill.FillPlan;
import dev.weir.fill.Unstored;
import dev.weir.http.NotModified;
import dev.weir.http.PartialContent;
import dev.weir.http.ResponseHead;
import dev.weir.http.Storability;
import dev.weir.http.StoredResponse;
import dev.weir.http.StrongValidator;
import org.jspecify.annotations.Nullable;

/**
 * What is to become of the answer to a Range that was sent on as the client asked it; pure. A 206
 * is kept as a part if the whole could be stored, and with the parts that are held if it has the
 * same strong validator and whole length (RFC 9111 3.3, 3.4).
 *
 * @param usual for every answer that does not speak of this range
 */
record PartJudgement(Judgement usual) implements FillPlan.Judge {
  @Override
  public FillIntent judge(ResponseHead head, long requestTimeMillis, long responseTimeMillis) {
    if (head.status() == 206) {
      return part(head, requestTimeMillis, responseTimeMillis);
    }
    if (head.status() == 416) {
      return new FillIntent.Relay(
          Unstored.Cause.NOT_SATISFIABLE); // this client's range, nobody else's
    }
    FillIntent intent = usual.judge(head, requestTimeMillis, responseTimeMillis);
    return intent.equals(new FillIntent.Relay(Unstored.Cause.TOO_LARGE_FOR_RANGE))
        ? new FillIntent.Relay(Unstored.Cause.RANGE_IGNORED)
        : intent;
  }

  private FillIntent part(ResponseHead head, long requestTimeMillis, long responseTimeMillis) {
    PartialContent part = PartialContent.of(head);
    if (part == null) {
      return new FillIntent.Relay(Unstored.Cause.NO_PART);
    }
    Storability judged =
        Storability.judge(
            usual.sent(),
            PartialContent.ofWhole(head),
            requestTimeMillis,
            responseTimeMillis,
            usual.rules());
    return switch (judged) {
      case Storability.Storable ignored when !usual.rules().store() ->
          new FillIntent.Relay(Unstored.Cause.STORE_OFF);
      case Storability.Storable ignored when part.totalBytes() > usual.rules().maxObjectBytes() ->
          new FillIntent.Relay(Unstored.Cause.MAX_OBJECT);
      case Storability.Refused refused ->
          new FillIntent.Relay(new Unstored.Refused(refused.reason()));
      case Storability.Storable storable -> {
        VariantKey variant = usual.variant().apply(storable.vary());
        Entry joined = joinable(head, part, variant);
        StoredResponse response =
            joined == null
                ? storable.response()
                : NotModified.merge(
                    joined.response(),
                    head.headers(),
                    requestTimeMillis,
                    responseTimeMillis,
                    usual.rules().targets());
        yield new FillIntent.StorePart(
            response, variant, storable.vary(), part.range(), part.totalBytes(), joined);
      }
    };
  }

  private @Nullable Entry joinable(ResponseHead head, PartialContent part, VariantKey variant) {
    Entry held = usual.held();
    boolean same =
        held != null
            && held.body() instanceof Body.Segmented parts
            && parts.totalBytes() == part.totalBytes()
            && held.variant().equals(variant)
            && StrongValidator.isShared(held.response().headers(), head.headers());
    return same ? held : null;
  }
}
