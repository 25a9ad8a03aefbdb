package dev.weir.exchange;

import com.typesafe.config.Config;
import dev.weir.http.StorageRules;
import java.util.List;

/**
 * Limits and manners of exchanges. Times are milliseconds, sizes bytes.
 *
 * @param pseudonym the name in Via and Cache-Status; a request whose Via holds it has come round
 * @param allowPolicyHeader whether a request may choose its policy
 * @param policyHeaderClients networks from which it may; empty for all clients
 * @param targetedCacheControl fields that replace Cache-Control for this cache (RFC 9213), best
 *     first
 * @param ownStore the hosts of this cache's own object store, as {@link OwnStore} takes them
 * @param redirect which hits are answered by the object store
 */
public record ExchangeSettings(
    String pseudonym,
    boolean allowPolicyHeader,
    List<String> policyHeaderClients,
    long headWaitMillis,
    long originConnectTimeoutMillis,
    long originReadTimeoutMillis,
    long originTotalTimeoutMillis,
    long backgroundDeadlineMillis,
    long backgroundRetryMillis,
    long clientGoneGraceMillis,
    long unreadBodyMillis,
    long invalidationWaitMillis,
    long commitWaitMillis,
    long arrivedCommitWaitMillis,
    long rangeFillMaxBytes,
    int maxRanges,
    int maxRounds,
    int repairs,
    int repairChunks,
    int routeCacheEntries,
    int provenSignatures,
    long provenSignatureMillis,
    int provenCredentials,
    long provenCredentialsMillis,
    int countedNetworks,
    long countedNetworkMillis,
    int rememberedLeaders,
    List<String> targetedCacheControl,
    List<String> ownStore,
    RedirectSettings redirect) {

  public ExchangeSettings {
    if (!pseudonym.matches("[A-Za-z0-9._-]+")) {
      throw new IllegalArgumentException("weir.exchange.pseudonym is not a token: " + pseudonym);
    }
    policyHeaderClients = List.copyOf(policyHeaderClients);
    targetedCacheControl = List.copyOf(targetedCacheControl);
    ownStore = List.copyOf(ownStore);
    if (headWaitMillis < 1
        || maxRounds < 1
        || maxRanges < 1
        || repairs < 1
        || repairChunks < 1
        || routeCacheEntries < 1
        || provenSignatures < 1
        || provenCredentials < 1
        || countedNetworks < 1
        || countedNetworkMillis < 1
        || rememberedLeaders < 1) {
      throw new IllegalArgumentException("a limit of weir.exchange is not positive");
    }
  }

  /** The rules of storing where no policy rule says otherwise. */
  public StorageRules storage() {
    return StorageRules.STANDARD.withTargets(targetedCacheControl);
  }

  public static ExchangeSettings from(Config room) {
    return new ExchangeSettings(
        room.getString("pseudonym"),
        room.getBoolean("allow-policy-header"),
        room.getStringList("policy-header-clients"),
        room.getDuration("head-wait").toMillis(),
        room.getDuration("origin-connect-timeout").toMillis(),
        room.getDuration("origin-read-timeout").toMillis(),
        room.getDuration("origin-total-timeout").toMillis(),
        room.getDuration("background-deadline").toMillis(),
        room.getDuration("background-retry").toMillis(),
        room.getDuration("client-gone-grace").toMillis(),
        room.getDuration("unread-body").toMillis(),
        room.getDuration("invalidation-wait").toMillis(),
        room.getDuration("commit-wait").toMillis(),
        room.getDuration("arrived-commit-wait").toMillis(),
        room.getBytes("range-fill-max"),
        room.getInt("max-ranges"),
        room.getInt("max-rounds"),
        room.getInt("repairs"),
        room.getInt("repair-chunks"),
        room.getInt("route-cache-entries"),
        room.getInt("proven-signatures"),
        room.getDuration("proven-signature").toMillis(),
        room.getInt("proven-credentials"),
        room.getDuration("proven-credentials-for").toMillis(),
        room.getInt("counted-networks"),
        room.getDuration("counted-network-for").toMillis(),
        room.getInt("remembered-leaders"),
        room.getStringList("targeted-cache-control"),
        room.getStringList("own-store"),
        RedirectSettings.from(room.getConfig("redirect")));
  }
}
