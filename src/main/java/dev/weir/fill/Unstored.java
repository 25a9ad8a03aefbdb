package dev.weir.fill;

import dev.weir.http.Storability;

/**
 * Why a response is not stored. Decisions look at which reason it is, Cache-Status and the log at
 * its word: so no filter and no other node decides anything here by the word it happens to say.
 */
public sealed interface Unstored {
  /** The word for Cache-Status and the log. */
  String label();

  /** RFC 9111 3 does not let it be stored. */
  record Refused(Storability.Refusal refusal) implements Unstored {
    @Override
    public String label() {
      return refusal.label();
    }
  }

  /** An error of the origin, which is the answer for all who ask now. */
  record OriginError(int status) implements Unstored {
    @Override
    public String label() {
      return "origin-" + status;
    }
  }

  /** What a filter, a store without room or another node says of it. */
  record Said(String label) implements Unstored {}

  /** It could be stored, and something in the way of it is known here. */
  enum Cause implements Unstored {
    /** The whole is more than the range is worth that somebody asked for. */
    TOO_LARGE_FOR_RANGE("range-fill-max"),
    /** A rule says so. */
    STORE_OFF("store-off"),
    /** Its Content-Length is above what a rule lets in. */
    MAX_OBJECT("max-object"),
    /** A 304 that is not of the entry whose validators were sent. */
    VALIDATOR_MISMATCH("validator-mismatch"),
    /** A 304 after which its entry may be served once more, and then never again. */
    MAY_NOT_STAY("no-longer-storable"),
    /** A whole where a range was asked for, and worth no more than that. */
    RANGE_IGNORED("range-ignored"),
    NOT_SATISFIABLE("range-not-satisfiable"),
    /** A 206 without a usable Content-Range. */
    NO_PART("partial"),
    /** A filter that tells variants apart has failed. */
    VARY_FAILED("vary-failed"),
    /** Over a plain connection, where its end proves little. */
    CLOSE_DELIMITED("close-delimited"),
    /** It is its leader's to store. */
    FOLLOWED("followed");

    private final String label;

    Cause(String label) {
      this.label = label;
    }

    @Override
    public String label() {
      return label;
    }
  }
}
