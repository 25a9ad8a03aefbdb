package dev.weir.store.collect;

import dev.weir.store.MetadataStore.Version;
import dev.weir.store.MetadataStore.WriteResult;
import dev.weir.store.Notes;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The collector's lease, held by this process: renewed by a thread of its own until it is closed or
 * lost. Whoever holds it asks {@link #isSafe} before each deletion.
 */
final class LeaseHolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LeaseHolder.class);

  private final Notes notes;
  private final long termMillis;
  private final Thread renewer;
  private CollectorLease.Held held;
  private Version version;
  private volatile long renewedNanos;
  private volatile boolean lost;
  private volatile boolean closed;

  private LeaseHolder(
      Notes notes, long termMillis, CollectorLease.Held held, Version version, long askedNanos) {
    this.notes = notes;
    this.termMillis = termMillis;
    this.held = held;
    this.version = version;
    this.renewedNanos = askedNanos;
    this.renewer = Thread.ofPlatform().daemon().name("weir-collector-lease").unstarted(this::renew);
    renewer.start();
  }

  /**
   * Takes the lease, or finds out that another holds it: that takes a term of watching, for the
   * other may be gone. Blocks.
   */
  static Optional<LeaseHolder> take(Notes notes, long termMillis) {
    String name = UUID.randomUUID().toString();
    String seen = null;
    long seenNanos = System.nanoTime();
    long beganNanos = seenNanos;
    while (true) {
      Optional<Notes.Note> note = Waiting.forCall(notes.read(ChunkNotes.LEASE));
      long now = System.nanoTime();
      String text = note.map(Notes.Note::text).orElse("");
      if (!text.equals(seen)) {
        if (seen != null && millisBetween(beganNanos, now) > 0 && isHeld(seen)) {
          return Optional.empty(); // its holder has just renewed it
        }
        seen = text;
        seenNanos = now;
      }
      long unchanged = millisBetween(seenNanos, now);
      switch (CollectorLease.parse(text).attempt(name, unchanged, termMillis)) {
        case CollectorLease.Attempt.Take(CollectorLease.Held next) -> {
          Version version =
              write(notes, next, note.map(Notes.Note::version).orElse(Version.ABSENT));
          if (version != null) {
            return Optional.of(new LeaseHolder(notes, termMillis, next, version, now));
          }
        }
        case CollectorLease.Attempt.Watch watch -> pause(termMillis / 10);
      }
    }
  }

  private static boolean isHeld(String text) {
    return CollectorLease.parse(text) instanceof CollectorLease.Held;
  }

  private static @Nullable Version write(Notes notes, CollectorLease next, Version expected) {
    return switch (Waiting.forCall(notes.write(ChunkNotes.LEASE, next.text(), expected))) {
      case WriteResult.Written(Version version) -> version;
      case WriteResult.Conflict conflict -> null;
    };
  }

  synchronized long fence() {
    return held.fence();
  }

  /** Whether a deletion may be begun now. */
  boolean isSafe() {
    return !lost
        && !closed
        && CollectorLease.isSafe(millisBetween(renewedNanos, System.nanoTime()), termMillis);
  }

  private void renew() {
    while (!closed && !lost) {
      pause(termMillis / 4);
      if (!closed) {
        renewOnce();
      }
    }
  }

  private synchronized void renewOnce() {
    long asked = System.nanoTime();
    try {
      CollectorLease.Held next = held.renewed();
      Version written = write(notes, next, version);
      if (written == null) {
        lost = true;
        log.warn("The collector's lease was taken by another; nothing more is deleted");
        return;
      }
      held = next;
      version = written;
      renewedNanos = asked;
    } catch (RuntimeException e) {
      log.info("The collector's lease could not be renewed: {}", e.toString());
    }
  }

  private static long millisBetween(long from, long to) {
    return TimeUnit.NANOSECONDS.toMillis(to - from);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(Math.max(1, millis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets it go, so that the next need not wait. */
  @Override
  public void close() {
    closed = true;
    renewer.interrupt();
    synchronized (this) {
      if (!lost) {
        try {
          var _ = write(notes, held.released(), version);
        } catch (RuntimeException e) {
          log.info("The collector's lease ends by itself: {}", e.toString());
        }
      }
    }
  }
}
