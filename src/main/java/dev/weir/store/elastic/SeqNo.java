package dev.weir.store.elastic;

import org.jspecify.annotations.Nullable;

/** The version of a document: its sequence number and the term of the primary that gave it. */
record SeqNo(long number, long primaryTerm) {
  String token() {
    return number + ":" + primaryTerm;
  }

  /** The version of such a token, or null if it is none of ours: then nothing can match it. */
  static @Nullable SeqNo parse(String token) {
    int colon = token.indexOf(':');
    try {
      return colon <= 0
          ? null
          : new SeqNo(
              Long.parseLong(token.substring(0, colon)),
              Long.parseLong(token.substring(colon + 1)));
    } catch (NumberFormatException notOurs) {
      return null;
    }
  }
}
