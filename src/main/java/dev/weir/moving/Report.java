package dev.weir.moving;

import java.util.EnumMap;
import java.util.Map;

/**
 * What a run has done.
 *
 * @param documents of the source that were looked at, those that list variants left out
 * @param moved entries, or those that would be
 * @param bytes of their bodies
 * @param skipped how many of each reason
 * @param complete whether the source was seen to its end
 * @param trouble the last failure of a store, or empty
 */
public record Report(
    boolean dryRun,
    long documents,
    long moved,
    long bytes,
    Map<Reason, Long> skipped,
    boolean complete,
    String trouble) {
  public Report {
    skipped = new EnumMap<>(skipped);
  }

  /** Those that another run may move. */
  public long failed() {
    return skipped.entrySet().stream()
        .filter(row -> row.getKey().isPassing())
        .mapToLong(Map.Entry::getValue)
        .sum();
  }
}
