package dev.weir.fill;

import com.typesafe.config.Config;

/**
 * The limits of fills; block {@code weir.fill}, where every one has its reason.
 *
 * @param chunkBytes size of a chunk, unless the body would then have more than {@code maxChunks}
 * @param shortBodyBytes bodies up to this never touch a file while they stream
 * @param inlineBodyBytes bodies up to this are committed inside the metadata document
 * @param windowBytes memory one fill may keep of its newest bytes
 * @param windowTotalBytes memory all fills together may keep, shared evenly
 * @param windowMinBytes what one fill gets however many run
 * @param writeBatchBytes most bytes of one file write
 * @param pendingAdoptions complete chunks of one fill that are being made durable at a time
 * @param aheadOfDiskBytes complete chunks of one fill that may await that, at least as many
 * @param sliceMinBytes least piece given to a reader; granted even when the budget is used up
 * @param sliceFirstBytes first piece given to a reader
 * @param sliceMaxBytes largest piece given to a reader
 * @param fastReaderMillis a reader that takes a piece within this time gets a larger one
 * @param slowReaderMillis one that takes this long gets a smaller one
 * @param inFlightBytes bytes all readers together may hold, least pieces excepted
 * @param wakeBytes growth that wakes a stalled reader at once
 * @param wakeMillis time after which any growth wakes it
 * @param shareLimitBytes largest error body kept for all who joined
 * @param maxResumes ranges asked for after a broken connection, per fill
 * @param abandonGraceMillis how long a fill without readers waits for one
 * @param finishSmallBytes a fill without readers finishes if its body is no larger
 * @param finishRemainingBytes or if no more than this is missing
 * @param lingerMillis how long the spool of an ended fill stays for late readers
 * @param maxDurationMillis longest life of a fill
 * @param tickMillis how often fills are looked at; also the pace of progress messages
 * @param commitTimeoutMillis longest wait for the keeper's word on a commit
 * @param refreshTimeoutMillis longest wait for it before a refreshed entry is used anyway
 * @param successionMillis longest wait of a followed fill without bytes for another leader
 * @param reopenMillis pause before a leader is asked again
 * @param reopenTries how often a new leader is asked before the keeper is asked again
 * @param acceleration of fetching one body over several connections
 */
public record FillSettings(
    int chunkBytes,
    int maxChunks,
    int shortBodyBytes,
    int inlineBodyBytes,
    int windowBytes,
    long windowTotalBytes,
    int windowMinBytes,
    int writeBatchBytes,
    int pendingAdoptions,
    long aheadOfDiskBytes,
    int sliceMinBytes,
    int sliceFirstBytes,
    int sliceMaxBytes,
    long fastReaderMillis,
    long slowReaderMillis,
    long inFlightBytes,
    int wakeBytes,
    long wakeMillis,
    int shareLimitBytes,
    int maxResumes,
    long abandonGraceMillis,
    long finishSmallBytes,
    long finishRemainingBytes,
    long lingerMillis,
    long maxDurationMillis,
    long tickMillis,
    long commitTimeoutMillis,
    long refreshTimeoutMillis,
    long successionMillis,
    long reopenMillis,
    int reopenTries,
    AccelerationSettings acceleration) {

  public FillSettings {
    if (inlineBodyBytes > shortBodyBytes || shortBodyBytes > chunkBytes) {
      throw new IllegalArgumentException(
          "weir.fill: inline-body-bytes <= short-body-bytes <= chunk-bytes must hold");
    }
    if (sliceMinBytes < 1 || sliceMinBytes > sliceFirstBytes || sliceFirstBytes > sliceMaxBytes) {
      throw new IllegalArgumentException(
          "weir.fill: slice-min-bytes <= slice-first-bytes <= slice-max-bytes must hold");
    }
    if (windowMinBytes > windowBytes || fastReaderMillis > slowReaderMillis) {
      throw new IllegalArgumentException(
          "weir.fill: window-min-bytes <= window-bytes, fast-reader <= slow-reader must hold");
    }
  }

  /** Reads the block {@code weir.fill}. */
  public static FillSettings from(Config room) {
    return new FillSettings(
        bytes(room, "chunk-bytes"),
        room.getInt("max-chunks"),
        bytes(room, "short-body-bytes"),
        bytes(room, "inline-body-bytes"),
        bytes(room, "window-bytes"),
        room.getBytes("window-total-bytes"),
        bytes(room, "window-min-bytes"),
        bytes(room, "write-batch-bytes"),
        room.getInt("pending-adoptions"),
        room.getBytes("ahead-of-disk-bytes"),
        bytes(room, "slice-min-bytes"),
        bytes(room, "slice-first-bytes"),
        bytes(room, "slice-max-bytes"),
        millis(room, "fast-reader"),
        millis(room, "slow-reader"),
        room.getBytes("in-flight-bytes"),
        bytes(room, "wake-bytes"),
        millis(room, "wake"),
        bytes(room, "share-limit-bytes"),
        room.getInt("max-resumes"),
        millis(room, "abandon-grace"),
        room.getBytes("finish-small-bytes"),
        room.getBytes("finish-remaining-bytes"),
        millis(room, "linger"),
        millis(room, "max-duration"),
        millis(room, "tick"),
        millis(room, "commit-timeout"),
        millis(room, "refresh-timeout"),
        millis(room, "succession"),
        millis(room, "reopen"),
        room.getInt("reopen-tries"),
        AccelerationSettings.from(room.getConfig("acceleration")));
  }

  /** The chunk size for a body of that length: as configured, or larger for very large bodies. */
  public long chunkBytesFor(long lengthBytes) {
    long least = (lengthBytes + maxChunks - 1) / maxChunks;
    long mebibyte = 1L << 20;
    return least <= chunkBytes ? chunkBytes : (least + mebibyte - 1) / mebibyte * mebibyte;
  }

  /** How many complete chunks of that size one fill may have that are not yet durable. */
  int chunksAheadOfDisk(long chunkBytes) {
    long chunks = aheadOfDiskBytes / Math.max(1, chunkBytes);
    return Math.clamp(chunks, pendingAdoptions, Integer.MAX_VALUE);
  }

  private static int bytes(Config room, String key) {
    return Math.toIntExact(room.getBytes(key));
  }

  private static long millis(Config room, String key) {
    return room.getDuration(key).toMillis();
  }
}
