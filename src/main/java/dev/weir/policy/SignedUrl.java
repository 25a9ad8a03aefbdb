package dev.weir.policy;

import java.util.OptionalLong;

/**
 * What a URL's signature means for reuse. The key leaves the signature out, so one client's signed
 * URL may find what another's fetched; this says on which condition.
 *
 * @param hasSignature whether there is a signature, not only parameters that go with one
 * @param trusted whether the host's signatures are taken on trust (the built-in table)
 * @param identity digest of the signing parameters: to remember which were accepted by the origin
 * @param expiresAtMillis when it ceases to hold, since the epoch, if it says so
 */
public record SignedUrl(
    boolean hasSignature, boolean trusted, String identity, OptionalLong expiresAtMillis) {

  /** Whether this request may be answered from the cache without its own URL being tried. */
  public enum Reuse {
    /** Serve as any other. */
    ALLOWED,
    /** First one conditional request with this request's own URL. */
    ASK_ORIGIN
  }

  public boolean isExpired(long nowMillis) {
    return expiresAtMillis.isPresent() && nowMillis >= expiresAtMillis.getAsLong();
  }

  /**
   * Judges reuse now.
   *
   * @param seenAccepted whether the origin has accepted this {@link #identity} for this key
   * @param trustedByRule whether the request's rule trusts signatures
   */
  public Reuse reuse(long nowMillis, boolean seenAccepted, boolean trustedByRule) {
    boolean believed = seenAccepted || trusted || trustedByRule;
    return hasSignature && believed && !isExpired(nowMillis) ? Reuse.ALLOWED : Reuse.ASK_ORIGIN;
  }
}
