package dev.weir.store.collect;

import com.typesafe.config.Config;

/**
 * How and when is collected, block {@code weir.store.collection}; every key and the reason for its
 * default is in {@code reference.conf}. Sizes are bytes, times milliseconds.
 *
 * @param intervalMillis between the background collector's passes; 0 for none
 * @param leaseMillis after which a silent collector is taken for lost
 * @param safetyFraction of what the last mark found, below which nothing is condemned or deleted
 * @param maxBytes of all bodies together, by whole entries; 0 for no limit
 * @param maxAgeMillis since the last use of an entry; 0 for no limit
 * @param parallelism notes and deletions under way
 * @param wholeMaxAgeMillis bodies kept as one object are deleted when they are so old
 * @param claimPauseMillis between two looks at a chunk that is being deleted
 * @param claimReads such looks before a put fails
 * @param checkReadBytes what a check reads of a chunk file at a time
 * @param unlisted how documents are found that no index lists
 */
public record CollectionSettings(
    long intervalMillis,
    long graceMillis,
    long leaseMillis,
    double safetyFraction,
    long maxBytes,
    long maxAgeMillis,
    long wholeMaxAgeMillis,
    int parallelism,
    long claimPauseMillis,
    int claimReads,
    int checkReadBytes,
    Unlisted unlisted) {

  /**
   * The search for documents that no index lists.
   *
   * @param batch documents whose indices are read at once
   * @param suspects remembered by one pass
   * @param restMillis between the two looks at each
   */
  public record Unlisted(int batch, int suspects, long restMillis) {
    public Unlisted {
      require(batch > 0 && batch <= 1000, "unlisted.batch must be from 1 to 1000");
      require(suspects > 0 && suspects <= 10_000_000, "unlisted.suspects must be from 1 to 10M");
      require(restMillis >= 1000, "unlisted.rest must be at least 1s");
    }

    static Unlisted from(Config block) {
      return new Unlisted(
          block.getInt("batch"), block.getInt("suspects"), block.getDuration("rest").toMillis());
    }
  }

  public CollectionSettings {
    require(intervalMillis >= 0, "interval must not be negative");
    require(leaseMillis >= 1000, "lease must be at least 1s");
    require(
        graceMillis >= 4 * leaseMillis, "grace must be at least four times as long as the lease");
    require(0 <= safetyFraction && safetyFraction <= 1, "safety-fraction must be between 0 and 1");
    require(maxBytes >= 0 && maxAgeMillis >= 0, "max-bytes and max-age must not be negative");
    require(wholeMaxAgeMillis >= 2 * 86_400_000L, "whole-max-age must be at least 2d");
    require(parallelism > 0 && parallelism <= 256, "parallelism must be from 1 to 256");
    require(claimPauseMillis > 0 && claimReads > 0, "claim-pause and claim-reads must be above 0");
    require(
        checkReadBytes >= 4096 && checkReadBytes <= 16 << 20,
        "check-read-bytes must be from 4K to 16M");
  }

  public static CollectionSettings from(Config block) {
    return new CollectionSettings(
        block.getDuration("interval").toMillis(),
        block.getDuration("grace").toMillis(),
        block.getDuration("lease").toMillis(),
        block.getDouble("safety-fraction"),
        block.getBytes("max-bytes"),
        block.getDuration("max-age").toMillis(),
        block.getDuration("whole-max-age").toMillis(),
        block.getInt("parallelism"),
        block.getDuration("claim-pause").toMillis(),
        block.getInt("claim-reads"),
        Math.toIntExact(block.getBytes("check-read-bytes")),
        Unlisted.from(block.getConfig("unlisted")));
  }

  /**
   * A deletion of a lost collector has ended after two terms: it is begun within the first, and no
   * request takes as long as the second.
   */
  public Condemnation.Times times() {
    return new Condemnation.Times(graceMillis, 2 * leaseMillis);
  }

  /** Whether a fill of that length at most can always write its document in time. */
  public boolean allowsFillsOf(long longestFillMillis) {
    return longestFillMillis < graceMillis / 2;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException("weir.store.collection." + otherwise);
    }
  }
}
