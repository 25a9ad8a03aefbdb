package dev.weir.exchange;

import dev.weir.filters.Phase;
import dev.weir.http.Conditional;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.http.StoredResponse;
import dev.weir.respond.Reply;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** What of a response a request gets, with what filters say of it. */
final class Choosing {
  private Choosing() {}

  /**
   * Chooses, and asks for the filters of the body.
   *
   * @param trailers those behind the body
   */
  static Reply reply(
      Exchange x,
      StoredResponse shown,
      OptionalLong length,
      int maxRanges,
      Supplier<Headers> trailers) {
    if (x.filters.isEmpty()) {
      return Reply.choose(x.head, shown, length, maxRanges);
    }
    ResponseHead head = new ResponseHead(shown.status(), shown.reason(), shown.headers());
    RequestHead asking = x.head;
    x.askBodyFilters(head, trailers);
    if (x.filters.has(Phase.NOT_MODIFIED)) {
      boolean judged = Conditional.evaluate(asking, shown) == Conditional.Outcome.NOT_MODIFIED;
      if (x.filters.notModified(head, judged)) {
        return new Reply.NotModified();
      }
      if (judged) {
        Headers fields = asking.headers();
        asking = asking.withHeaders(fields.without("If-None-Match").without("If-Modified-Since"));
      }
    }
    return Reply.choose(asking, shown, length, maxRanges);
  }
}
