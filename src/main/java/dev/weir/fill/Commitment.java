package dev.weir.fill;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.VariantKey;
import dev.weir.http.StoredResponse;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a fill commits once the bytes are there.
 *
 * @param body from the bytes that came to the body of the entry; null if they do not fit it
 */
record Commitment(
    StoredResponse response,
    VariantKey variant,
    List<String> vary,
    Function<Body, @Nullable Body> body) {

  /** Null where nothing is to be stored. */
  static @Nullable Commitment of(FillIntent intent) {
    return switch (intent) {
      case FillIntent.Store store ->
          new Commitment(store.response(), store.variant(), store.vary(), whole -> whole);
      case FillIntent.StorePart part ->
          new Commitment(part.response(), part.variant(), part.vary(), part::with);
      case FillIntent.Share share -> null;
      case FillIntent.Relay relay -> null;
      case FillIntent.Refresh refresh -> null;
    };
  }

  /** Null if those bytes are not what was to be stored. */
  @Nullable Entry entry(Grant grant, String url, FillId fill, Body bytes) {
    Body fitting = body.apply(bytes);
    return fitting == null
        ? null
        : new Entry(grant.key(), variant, url, response, fitting, grant.epoch(), fill);
  }
}
