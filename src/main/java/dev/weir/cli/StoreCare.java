package dev.weir.cli;

import dev.weir.store.MetadataStore;
import dev.weir.store.ObjectStore;
import dev.weir.store.Retention;
import dev.weir.store.collect.Checker;
import dev.weir.store.collect.ChunkHome;
import dev.weir.store.collect.CollectionOutcome;
import dev.weir.store.collect.CollectionSettings;
import dev.weir.store.collect.Collector;
import dev.weir.store.collect.Progress;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import org.apache.pekko.stream.Materializer;
import org.jspecify.annotations.Nullable;

/**
 * Collection and check of one set of stores, by a node or by a command beside it. Both block.
 *
 * @param objects the object store all nodes share, or null where chunks are on this disk alone
 * @param home where chunks are looked for
 * @param remover removes an entry's document
 */
record StoreCare(
    MetadataStore metadata,
    @Nullable ObjectStore objects,
    ChunkHome home,
    CollectionSettings settings,
    Retention.Remover remover,
    Materializer materializer) {
  static final String DRY_RUN = "dry-run";
  static final String FORCE = "force";
  static final String ADOPT = "adopt";
  static final String DEEP = "deep";

  /** Found, and mended. */
  static final int HEALED = 3;

  /** Found, and not mended. */
  static final int LEFT = 4;

  /** How it ended: the exit code of the command, and what to print. */
  record Result(int exit, String text, long freedChunks, long freedBytes) {
    static Result of(int exit, String text) {
      return new Result(exit, text, 0, 0);
    }
  }

  /** One pass of collection. */
  Result gc(Set<String> options, Progress progress) {
    boolean dryRun = options.contains(DRY_RUN);
    if (objects == null) {
      return disk(dryRun, progress);
    }
    Collector collector =
        new Collector(metadata, objects, settings, remover, InstantSource.system(), materializer);
    Collector.Options chosen =
        new Collector.Options(dryRun, options.contains(FORCE), options.contains(ADOPT));
    return switch (collector.collect(chosen, progress)) {
      case CollectionOutcome.Done(CollectionOutcome.Report report) -> done(report);
      case CollectionOutcome.Busy(String holder) ->
          Result.of(1, holder + "; nothing was done here");
      case CollectionOutcome.Refused(String sentence) -> Result.of(1, "refused: " + sentence);
    };
  }

  private Result done(CollectionOutcome.Report report) {
    String would = report.dryRun() ? "would be " : "";
    String text =
        """
        %s entries name %s chunks; S3 holds %s chunks, %s
        %s%s entries removed by quota, %s
        %s%s chunks deleted, %s
        %s%s chunks condemned, %s, to be deleted after %s if still nobody names them
        %s chunks condemned earlier, %s, wait; %s are wanted again
        """
            .formatted(
                report.entries(),
                report.markedChunks(),
                report.listedChunks(),
                bytes(report.listedBytes()),
                would,
                report.removedEntries(),
                bytes(report.removedBytes()),
                would,
                report.deletedChunks(),
                bytes(report.deletedBytes()),
                would,
                report.condemnedChunks(),
                bytes(report.condemnedBytes()),
                hours(settings.graceMillis()),
                report.waitingChunks(),
                bytes(report.waitingBytes()),
                report.sparedChunks());
    return new Result(
        0,
        text,
        report.dryRun() ? 0 : report.deletedChunks(),
        report.dryRun() ? 0 : report.deletedBytes());
  }

  /** Chunks on one disk need no grace: the store itself knows which of them a fill holds. */
  private Result disk(boolean dryRun, Progress progress) {
    Checker.Report report =
        new Checker(metadata, home, remover, materializer)
            .check(new Checker.Options(false, false, !dryRun), progress);
    String text =
        """
        %s entries; the disk holds %s chunks
        %s chunks that no entry names, %s; %s deleted
        """
            .formatted(
                report.entries(),
                report.chunks(),
                report.orphanChunks(),
                bytes(report.orphanBytes()),
                report.deletedOrphans());
    return new Result(
        0, text, report.deletedOrphans(), report.deletedOrphans() == 0 ? 0 : report.orphanBytes());
  }

  /** A check of all entries. */
  Result fsck(Set<String> options, Progress progress) {
    boolean heal = !options.contains(DRY_RUN);
    Checker.Report report =
        new Checker(metadata, home, remover, materializer)
            .check(new Checker.Options(options.contains(DEEP), heal, false), progress);
    String text =
        """
        %s entries, %s chunks
        %s entries are not whole (%s chunks missing, %s damaged, %s documents unreadable); %s \
        removed, to be fetched anew
        %s chunks that no entry names, %s
        """
            .formatted(
                report.entries(),
                report.chunks(),
                report.brokenEntries(),
                report.missingChunks(),
                report.damagedChunks(),
                report.damagedDocuments(),
                report.healedEntries(),
                report.orphanChunks(),
                bytes(report.orphanBytes()));
    int exit = report.isClean() ? 0 : report.isHealed() ? HEALED : LEFT;
    return Result.of(exit, text);
  }

  static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    int unit = (63 - Long.numberOfLeadingZeros(bytes)) / 10;
    return String.format(
        Locale.ROOT, "%.1f %siB", bytes / (double) (1L << (10 * unit)), "KMGTPE".charAt(unit - 1));
  }

  private static String hours(long millis) {
    return millis % 3_600_000 == 0 ? millis / 3_600_000 + " h" : millis / 1000 + " s";
  }
}
