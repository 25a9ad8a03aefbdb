package dev.weir.policy;

import dev.weir.http.CachingMode;
import java.util.Optional;

/** How a request is served from the cache. The label is its name in rules, fields and flags. */
public enum Policy {
  /** Serve what is stored at any age; the origin is asked only for what is missing. */
  NO_REFRESH("NoRefresh", CachingMode.NO_REFRESH),
  /** RFC 9111. */
  STANDARD("Standard", CachingMode.STANDARD),
  /** Standard, and the stored response covers for an origin that fails. */
  STALE_IF_ERROR("StaleIfError", CachingMode.STALE_IF_ERROR),
  /** Always fetch the whole; what is stored is the fallback. */
  ALWAYS_UPSTREAM("AlwaysUpstream", CachingMode.ALWAYS_UPSTREAM),
  /** Always validate what is stored; keep it for ever. */
  ALWAYS_VALIDATE("AlwaysValidate", CachingMode.ALWAYS_VALIDATE),
  /** Straight to the origin: no look-up, nothing stored. */
  NO_CACHE("NoCache", CachingMode.ALWAYS_UPSTREAM);

  private final String label;
  private final CachingMode mode;

  Policy(String label, CachingMode mode) {
    this.label = label;
    this.mode = mode;
  }

  public String label() {
    return label;
  }

  /** How decisions about stored responses are made; for NO_CACHE there are none to make. */
  public CachingMode mode() {
    return mode;
  }

  /** Whether the cache takes part at all. */
  public boolean usesCache() {
    return this != NO_CACHE;
  }

  /** The policy of that label, without regard to case. */
  public static Optional<Policy> named(String label) {
    for (Policy policy : values()) {
      if (policy.label.equalsIgnoreCase(label.strip())) {
        return Optional.of(policy);
      }
    }
    return Optional.empty();
  }
}
