package dev.weir.http;

import java.util.List;

/**
 * What the operator adds to the rules of storing.
 *
 * @param heuristicCapMillis the longest lifetime by guess
 * @param freshnessOverrideMillis above 0 for URLs whose content never changes: a cookie that comes
 *     with such content is dropped instead of forbidding to store it, and a client's {@code
 *     no-store} is about a secret it does not have
 * @param storeAuthorized store responses to requests with Authorization beyond RFC 9111 3.5; the
 *     caller then has the origin accept each client's credentials before reuse
 * @param storeCookies whether a response with Set-Cookie that is explicitly fresh is stored
 * @param targets the fields that speak to this cache in particular (RFC 9213), best first; where
 *     one applies, {@code Cache-Control} and {@code Expires} do not
 */
public record StorageRules(
    long heuristicCapMillis,
    long freshnessOverrideMillis,
    boolean storeAuthorized,
    boolean storeCookies,
    List<String> targets) {
  public static final StorageRules STANDARD =
      new StorageRules(Freshness.DEFAULT_HEURISTIC_CAP_MILLIS, 0, false, true, List.of());

  public StorageRules {
    targets = List.copyOf(targets);
  }

  public StorageRules withFreshnessOverrideMillis(long millis) {
    return new StorageRules(heuristicCapMillis, millis, storeAuthorized, storeCookies, targets);
  }

  public StorageRules withStoreAuthorized(boolean allowed) {
    return new StorageRules(
        heuristicCapMillis, freshnessOverrideMillis, allowed, storeCookies, targets);
  }

  public StorageRules withTargets(List<String> fields) {
    return new StorageRules(
        heuristicCapMillis, freshnessOverrideMillis, storeAuthorized, storeCookies, fields);
  }
}
