package dev.weir.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The entries this node may serve without asking, bounded by weight. Written by the node's one
 * actor in the order in which keepers spoke; read by any thread without a lock. Times are
 * nanoseconds of this node's monotonic clock.
 */
final class NearTable {
  private final com.github.benmanes.caffeine.cache.Cache<PrimaryKey, Line> lines;

  /** Outlives its line, so that a grant which was overtaken by a revocation is still dropped. */
  private final com.github.benmanes.caffeine.cache.Cache<PrimaryKey, Revocation> revocations;

  private volatile long sessionEndsNanos;

  /** Where in a key's history something stands. */
  private record Mark(long incarnation, long sequence) {
    boolean isAfter(long otherIncarnation, long otherSequence) {
      return incarnation > otherIncarnation
          || (incarnation == otherIncarnation && sequence >= otherSequence);
    }

    /** Whether a revocation at that point takes what was granted at this. */
    boolean isRevokedAt(long revokedIncarnation, long revokedSequence) {
      return incarnation != revokedIncarnation || sequence <= revokedSequence;
    }
  }

  private record Revocation(Mark last, int count) {}

  private record Held(VariantKey variant, Entry entry, long endsNanos) {}

  private record Line(Mark newest, List<String> vary, List<Held> held) {}

  NearTable(CacheSettings settings) {
    this.lines =
        Caffeine.newBuilder()
            .maximumWeight(settings.nearBytes())
            .<PrimaryKey, Line>weigher((key, line) -> weight(line))
            .executor(Runnable::run)
            .build();
    this.revocations =
        Caffeine.newBuilder()
            .maximumSize(settings.nearRevocations())
            .executor(Runnable::run)
            .build();
    this.sessionEndsNanos = System.nanoTime();
  }

  /** The leased entry of that variant, or null. */
  @Nullable Entry find(PrimaryKey key, Function<List<String>, VariantKey> variant, long nowNanos) {
    Line line = lines.getIfPresent(key);
    if (line == null || nowNanos - sessionEndsNanos >= 0) {
      return null;
    }
    VariantKey wanted = line.vary().isEmpty() ? VariantKey.NONE : variant.apply(line.vary());
    List<Held> held = line.held();
    for (int i = 0; i < held.size(); i++) {
      Held one = held.get(i);
      if (one.variant().equals(wanted)) {
        return nowNanos - one.endsNanos() < 0 ? one.entry() : null;
      }
    }
    return null;
  }

  /** The names a key was last known to vary by. */
  List<String> vary(PrimaryKey key) {
    Line line = lines.getIfPresent(key);
    return line == null ? List.of() : line.vary();
  }

  /**
   * Takes a lease, unless a later one or a revocation has come before it.
   *
   * @param fromNanos when its term begins: as it was asked for, for it may have been long on its
   *     way, or when it came
   */
  void grant(Lease lease, long fromNanos) {
    PrimaryKey key = lease.entry().key();
    Revocation revoked = revocations.getIfPresent(key);
    if (revoked != null && revoked.last().isAfter(lease.incarnation(), lease.sequence())) {
      return;
    }
    long endsNanos = fromNanos + TimeUnit.MILLISECONDS.toNanos(lease.termMillis());
    lines
        .asMap()
        .compute(
            key,
            (same, line) -> {
              if (line != null && line.newest().isAfter(lease.incarnation(), lease.sequence())) {
                return line;
              }
              return with(line, lease, endsNanos);
            });
  }

  private static Line with(@Nullable Line line, Lease lease, long endsNanos) {
    Entry entry = lease.entry();
    Held fresh = new Held(entry.variant(), entry, endsNanos);
    List<Held> held = new ArrayList<>();
    held.add(fresh);
    if (line != null
        && line.newest().incarnation() == lease.incarnation()
        && line.vary().equals(lease.vary())) {
      for (Held other : line.held()) {
        // No more than a key can have; the first are those granted last.
        if (!other.variant().equals(fresh.variant()) && held.size() < VaryIndex.MAX_VARIANTS) {
          held.add(other);
        }
      }
    }
    return new Line(new Mark(lease.incarnation(), lease.sequence()), lease.vary(), held);
  }

  /**
   * Drops what was granted up to that point, now and if it should still arrive. What another keeper
   * has granted goes whatever its incarnation: the one that revokes may have been born later, on a
   * node whose clock is behind.
   */
  void revoke(PrimaryKey key, long incarnation, long sequence) {
    revocations
        .asMap()
        .merge(
            key,
            new Revocation(new Mark(incarnation, sequence), 1),
            (before, now) ->
                new Revocation(
                    before.last().isAfter(incarnation, sequence) ? before.last() : now.last(),
                    before.count() + 1));
    lines
        .asMap()
        .computeIfPresent(
            key, (same, line) -> line.newest().isRevokedAt(incarnation, sequence) ? null : line);
  }

  /** How many of that key have been heard, since it is remembered. */
  int revocations(PrimaryKey key) {
    Revocation heard = revocations.getIfPresent(key);
    return heard == null ? 0 : heard.count();
  }

  /** All leases hold until then, if their own term lasts. */
  void renewSession(long untilNanos) {
    if (System.nanoTime() - sessionEndsNanos >= 0) {
      // Cut off or stopped meanwhile: what was revoked then has not been heard.
      lines.invalidateAll();
    }
    sessionEndsNanos = untilNanos;
  }

  /** Nothing holds any more: the keepers cannot be heard. */
  void suspend() {
    sessionEndsNanos = System.nanoTime();
  }

  /** No keeper of the past will ever revoke these: they go for good. */
  void clear() {
    suspend();
    lines.invalidateAll();
  }

  long size() {
    return lines.estimatedSize();
  }

  private static int weight(Line line) {
    int bytes = 256;
    for (Held held : line.held()) {
      Entry entry = held.entry();
      bytes += 512 + 2 * entry.url().length();
      Headers headers = entry.response().headers();
      for (int i = 0; i < headers.size(); i++) {
        bytes += 80 + headers.name(i).length() + headers.value(i).length();
      }
      bytes += weight(entry.body());
    }
    return bytes;
  }

  private static int weight(Body body) {
    return switch (body) {
      case Body.Inline(byte[] bytes) -> bytes.length;
      case Body.Chunked(var manifest) -> 150 * manifest.chunks().size();
      case Body.Listed ignored -> 150;
      case Body.Segmented(long total, var segments) -> {
        int sum = 0;
        for (Body.Segment segment : segments) {
          sum += 64 + weight(segment.body());
        }
        yield sum;
      }
    };
  }
}
