package dev.weir.http;

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
 */
public record StorageRules(
    long heuristicCapMillis,
    long freshnessOverrideMillis,
    boolean storeAuthorized,
    boolean storeCookies) {
  public static final StorageRules STANDARD =
      new StorageRules(Freshness.DEFAULT_HEURISTIC_CAP_MILLIS, 0, false, true);

  public StorageRules withFreshnessOverrideMillis(long millis) {
    return new StorageRules(heuristicCapMillis, millis, storeAuthorized, storeCookies);
  }

  public StorageRules withStoreAuthorized(boolean allowed) {
    return new StorageRules(heuristicCapMillis, freshnessOverrideMillis, allowed, storeCookies);
  }
}
