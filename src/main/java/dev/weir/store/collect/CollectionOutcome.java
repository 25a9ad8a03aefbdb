package dev.weir.store.collect;

/** How a pass of collection ended. */
public sealed interface CollectionOutcome {
  /** It went through. */
  record Done(Report report) implements CollectionOutcome {}

  /** Another process collects just now. */
  record Busy(String holder) implements CollectionOutcome {}

  /**
   * Going on might have deleted what is wanted; nothing was.
   *
   * @param sentence what is odd, and what to do about it
   */
  record Refused(String sentence) implements CollectionOutcome {}

  /**
   * What a pass found and did; in a dry run, what it would have done.
   *
   * @param entries that are stored, those removed by quota not counted
   * @param markedChunks that they name
   * @param removedEntries by quota, and the bytes of their bodies
   * @param condemnedChunks to be deleted after the grace, by this pass
   * @param waitingChunks condemned by an earlier one, whose grace is not over
   * @param deletedChunks and their bytes: what is free now
   * @param sparedChunks that had been condemned and are wanted again
   */
  record Report(
      boolean dryRun,
      long entries,
      long markedChunks,
      long listedChunks,
      long listedBytes,
      long removedEntries,
      long removedBytes,
      long condemnedChunks,
      long condemnedBytes,
      long waitingChunks,
      long waitingBytes,
      long deletedChunks,
      long deletedBytes,
      long sparedChunks) {}
}
