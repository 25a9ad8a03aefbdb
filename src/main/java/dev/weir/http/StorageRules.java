package dev.weir.http;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the operator adds to the rules of storing and of standing in for a failed origin.
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
 * @param refresh lifetimes by rule, or null
 * @param errorMillis for how long an error without a lifetime is believed, by status; 4 and 5 stand
 *     for the rest of their class; 0 is not at all
 * @param staleOn the failures that stale content may stand in for, whatever the policy says of
 *     them, or null to leave it to the policy
 * @param store whether anything is stored
 * @param maxObjectBytes the largest body that is; Long.MAX_VALUE is no limit
 */
public record StorageRules(
    long heuristicCapMillis,
    long freshnessOverrideMillis,
    boolean storeAuthorized,
    boolean storeCookies,
    List<String> targets,
    @Nullable RefreshRule refresh,
    Map<Integer, Long> errorMillis,
    @Nullable Set<StaleOn> staleOn,
    boolean store,
    long maxObjectBytes) {
  public static final StorageRules STANDARD =
      new StorageRules(Freshness.DEFAULT_HEURISTIC_CAP_MILLIS, 0, false, true, List.of());

  public StorageRules {
    targets = List.copyOf(targets);
    errorMillis = Map.copyOf(errorMillis);
    staleOn = staleOn == null ? null : Set.copyOf(staleOn);
  }

  /** Without lifetimes by rule. */
  public StorageRules(
      long heuristicCapMillis,
      long freshnessOverrideMillis,
      boolean storeAuthorized,
      boolean storeCookies,
      List<String> targets) {
    this(
        heuristicCapMillis,
        freshnessOverrideMillis,
        storeAuthorized,
        storeCookies,
        targets,
        null,
        Map.of(),
        null,
        true,
        Long.MAX_VALUE);
  }

  public StorageRules withFreshnessOverrideMillis(long millis) {
    return new StorageRules(
        heuristicCapMillis,
        millis,
        storeAuthorized,
        storeCookies,
        targets,
        refresh,
        errorMillis,
        staleOn,
        store,
        maxObjectBytes);
  }

  public StorageRules withStoreAuthorized(boolean allowed) {
    return new StorageRules(
        heuristicCapMillis,
        freshnessOverrideMillis,
        allowed,
        storeCookies,
        targets,
        refresh,
        errorMillis,
        staleOn,
        store,
        maxObjectBytes);
  }

  public StorageRules withTargets(List<String> fields) {
    return new StorageRules(
        heuristicCapMillis,
        freshnessOverrideMillis,
        storeAuthorized,
        storeCookies,
        fields,
        refresh,
        errorMillis,
        staleOn,
        store,
        maxObjectBytes);
  }

  public StorageRules withMaxObjectBytes(long bytes) {
    return new StorageRules(
        heuristicCapMillis,
        freshnessOverrideMillis,
        storeAuthorized,
        storeCookies,
        targets,
        refresh,
        errorMillis,
        staleOn,
        store,
        bytes);
  }

  /** The same with what a rule says of lifetimes, errors and storing. */
  public StorageRules withRule(
      @Nullable RefreshRule lifetimes,
      Map<Integer, Long> errors,
      @Nullable Set<StaleOn> failures,
      boolean stored) {
    return new StorageRules(
        heuristicCapMillis,
        freshnessOverrideMillis,
        storeAuthorized,
        storeCookies,
        targets,
        lifetimes,
        errors,
        failures,
        stored,
        maxObjectBytes);
  }

  /** For how long an error of that status is believed by rule; null where no rule says. */
  @Nullable Long errorMillis(int status) {
    Long exact = errorMillis.get(status);
    return exact == null && status >= 400 ? errorMillis.get(status / 100) : exact;
  }

  /** Whether that directive does not count. */
  public boolean overrules(RefreshRule.Directive directive) {
    return refresh != null && refresh.overrules(directive);
  }
}
