package dev.weir.exchange;

import dev.weir.cache.Question.Intent;
import dev.weir.entry.Entry;
import dev.weir.http.CacheStatus.Forward;
import dev.weir.log.ServeReason;
import org.jspecify.annotations.Nullable;

/**
 * What a request asks its key's keeper for, and what is to be said if it goes to the origin.
 *
 * @param held what is stored and may not be served as it is, or null
 * @param conditional whether the origin is asked with the held entry's validators
 * @param wantsNewAnswer whether only an answer to a request sent after this one came will do
 */
record Want(
    Intent intent,
    @Nullable Entry held,
    boolean conditional,
    boolean wantsNewAnswer,
    ServeReason reason,
    Forward why) {

  static Want anything(ServeReason reason, Forward why) {
    return new Want(Intent.LOOK, null, false, false, reason, why);
  }

  static Want replacement(@Nullable Entry held, boolean conditional, ServeReason reason) {
    return new Want(Intent.REPLACE, held, conditional, true, reason, Forward.REQUEST);
  }

  static Want validation(Entry held, ServeReason reason, Forward why) {
    return new Want(Intent.VALIDATE, held, true, false, reason, why);
  }

  /** More of something than the parts of it that are stored. */
  static Want completion(Entry held) {
    return new Want(Intent.VALIDATE, held, true, false, ServeReason.MISS_PARTIAL, Forward.PARTIAL);
  }

  /** The same where the origin is asked for the client's own range. */
  Want forwarding() {
    Forward partly = held == null ? why : Forward.PARTIAL;
    return new Want(intent, held, conditional, wantsNewAnswer, ServeReason.PASS_RANGE, partly);
  }

  boolean isCompletion() {
    return reason == ServeReason.MISS_PARTIAL;
  }

  /** The same with the entry that the keeper holds now. */
  Want holding(Entry current) {
    return new Want(intent, current, true, wantsNewAnswer, reason, why);
  }

  Passing.Cause passedBecause(ServeReason passed, String note) {
    return new Passing.Cause(passed, why, note, held);
  }
}
