package dev.weir.entry;

import dev.weir.http.StoredResponse;

/**
 * One stored response of one key and variant, committed; whole, unless its body says that parts of
 * it are missing (RFC 9111 3.3): then its head is that of the whole. {@code epoch} is the key's
 * epoch it was fetched under; {@code url} is the requested URL, for people who look inside.
 *
 * @param tag names this very body and head among all that were ever stored under the key (the fill
 *     that made it); a refresh by 304 keeps it
 */
public record Entry(
    PrimaryKey key,
    VariantKey variant,
    String url,
    StoredResponse response,
    Body body,
    Epoch epoch,
    FillId tag) {

  public String documentId() {
    return key.documentId(variant);
  }

  /** Whether its body is here from the first byte to the last. */
  public boolean complete() {
    return body.complete();
  }

  public Entry withResponse(StoredResponse refreshed) {
    return new Entry(key, variant, url, refreshed, body, epoch, tag);
  }
}
