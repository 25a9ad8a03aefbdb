package dev.weir.cache;

import com.typesafe.config.Config;

/**
 * The limits of keepers and of a node's view of them; block {@code weir.cache}, where every one has
 * its reason.
 *
 * @param ackTimeoutMillis silence of a keeper after which a request goes alone
 * @param answerTimeoutMillis the same after the keeper has acknowledged
 * @param storeTimeoutMillis longest wait for the metadata store
 * @param storeLogIntervalMillis between two lines about a metadata store that fails
 * @param storeRetryMillis how long a keeper does not ask a store that has failed
 * @param purgePatienceMillis how long a purge has a store asked again that fails
 * @param purgePauseMillis before a purge asks it for the second time; doubles up to storeRetry
 * @param followTimeoutMillis longest wait of a follower for a leader's head
 * @param headTimeoutMillis age of a fill without a head at which another leader is named
 * @param leaderSilenceMillis silence after which a leader is replaced
 * @param keeperTickMillis how often a keeper with running fills looks at them
 * @param uncacheableMillis how long a key is remembered as uncacheable
 * @param leaseTermMillis how long a node may serve an entry without asking again
 * @param sessionTermMillis how long a node may serve by leases without a renewed session
 * @param sessionRenewMillis how often the session is renewed
 * @param idleMillis idle time after which a keeper leaves memory
 * @param refreshPersistMillis a refresh is written only if it is at least this much newer
 * @param maxFillsPerKey fills of one key at a time
 * @param pastFillsPerKey fills that run no more and are remembered
 * @param maxWaiting questions waiting for a keeper's first load, and store writes waiting in it
 * @param maxFollowers requests of one node waiting for one head
 * @param maxRounds how often one request may be sent on before it goes alone
 * @param maxUngranted complete fills that wait for a keeper to commit them
 * @param clockSkewMillis by which the clocks of nodes may differ
 * @param nearBytes memory of the near table
 * @param nearRevocations how many keys' last revocations are remembered
 * @param orphanPatienceMillis silence of a leader after which one of its followers may take over
 * @param electionMillis how long a keeper gathers followers before it names the new leader
 * @param reaskMillis pause before a keeper is asked again about a leader out of reach
 * @param shardsAtOnce shards that look for their home at the same time when the fabric comes up
 * @param fabricTimeoutMillis how long a purge, an eviction or a complete fill waits for the fabric
 * @param statsTimeoutMillis how long the shards of all nodes may take to be counted
 * @param maxDeparted nodes that have left and are remembered
 */
public record CacheSettings(
    long ackTimeoutMillis,
    long answerTimeoutMillis,
    long storeTimeoutMillis,
    long storeLogIntervalMillis,
    long storeRetryMillis,
    long purgePatienceMillis,
    long purgePauseMillis,
    long followTimeoutMillis,
    long headTimeoutMillis,
    long leaderSilenceMillis,
    long keeperTickMillis,
    long uncacheableMillis,
    long leaseTermMillis,
    long sessionTermMillis,
    long sessionRenewMillis,
    long idleMillis,
    long refreshPersistMillis,
    int maxFillsPerKey,
    int pastFillsPerKey,
    int maxWaiting,
    int maxFollowers,
    int maxRounds,
    int maxUngranted,
    long clockSkewMillis,
    long nearBytes,
    int nearRevocations,
    long orphanPatienceMillis,
    long electionMillis,
    long reaskMillis,
    int shardsAtOnce,
    long fabricTimeoutMillis,
    long statsTimeoutMillis,
    int maxDeparted) {

  public CacheSettings {
    if (storeTimeoutMillis >= answerTimeoutMillis) {
      throw new IllegalArgumentException(
          "weir.cache: store-timeout must be below answer-timeout, or keepers answer too late");
    }
    if (sessionRenewMillis >= sessionTermMillis) {
      throw new IllegalArgumentException("weir.cache: session-renew must be below session-term");
    }
    if (pastFillsPerKey < 1) {
      throw new IllegalArgumentException("weir.cache: past-fills-per-key must be above 0");
    }
    if (maxDeparted < 0) {
      throw new IllegalArgumentException("weir.cache: max-departed must not be below 0");
    }
  }

  /** Reads the block {@code weir.cache}. */
  public static CacheSettings from(Config room) {
    return new CacheSettings(
        millis(room, "ack-timeout"),
        millis(room, "answer-timeout"),
        millis(room, "store-timeout"),
        millis(room, "store-log-interval"),
        millis(room, "store-retry"),
        millis(room, "purge-patience"),
        millis(room, "purge-pause"),
        millis(room, "follow-timeout"),
        millis(room, "head-timeout"),
        millis(room, "leader-silence"),
        millis(room, "keeper-tick"),
        millis(room, "uncacheable"),
        millis(room, "lease-term"),
        millis(room, "session-term"),
        millis(room, "session-renew"),
        millis(room, "idle"),
        millis(room, "refresh-persist"),
        room.getInt("max-fills-per-key"),
        room.getInt("past-fills-per-key"),
        room.getInt("max-waiting"),
        room.getInt("max-followers"),
        room.getInt("max-rounds"),
        room.getInt("max-ungranted"),
        millis(room, "clock-skew"),
        room.getBytes("near-bytes"),
        room.getInt("near-revocations"),
        millis(room, "orphan-patience"),
        millis(room, "election"),
        millis(room, "reask"),
        room.getInt("shards-at-once"),
        millis(room, "fabric-timeout"),
        millis(room, "stats-timeout"),
        room.getInt("max-departed"));
  }

  private static long millis(Config room, String key) {
    return room.getDuration(key).toMillis();
  }
}
