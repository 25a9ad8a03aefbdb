package dev.weir.store;

/**
 * What a start found in the data folder and put in order.
 *
 * @param entries how many entries are stored now, and {@code bytes} what they take
 * @param brokenEntries removed because a chunk was missing or of another length
 * @param damagedDocuments removed because they could not be decoded
 * @param orphanChunks deleted because no entry named them, {@code orphanBytes} in all
 * @param spoolFiles unfinished files of the last run, deleted
 * @param loadMillis what the start had to wait for, {@code repairMillis} what ran beside it
 */
public record RecoveryReport(
    int entries,
    long bytes,
    int brokenEntries,
    int damagedDocuments,
    int orphanChunks,
    long orphanBytes,
    int spoolFiles,
    long loadMillis,
    long repairMillis) {}
