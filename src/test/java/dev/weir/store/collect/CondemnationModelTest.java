package dev.weir.store.collect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.store.collect.Condemnation.Claim;
import dev.weir.store.collect.Condemnation.Condemned;
import dev.weir.store.collect.Condemnation.Deleting;
import dev.weir.store.collect.Condemnation.Free;
import dev.weir.store.collect.Condemnation.Seen;
import dev.weir.store.collect.Condemnation.Step;
import dev.weir.store.collect.Condemnation.Times;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every interleaving of two fills (of one in the normal build) and collectors over one chunk, with
 * a crash or a step of time between any two of their steps, over the very transitions that the
 * collector and the stores use.
 *
 * <p>One step is one call to a store. Time goes in ticks; a grace is four of them, and ages beyond
 * are all alike, so the states are finite and all of them are visited. A fill claims, looks, puts
 * and commits, or dies anywhere. A collector marks, then reads the note and the bytes, then does
 * what the transitions say; it dies anywhere, also with a deletion on its way that arrives later.
 */
class CondemnationModelTest {
  private static final long GRACE = 4;
  private static final long SETTLE = 2;
  private static final long OLDEST = GRACE + 1;

  /** So that ages become times the transitions understand. */
  private static final long NOW = 1000;

  private static final Times TIMES = new Times(GRACE, SETTLE);

  /** What a fill is about to do. */
  private enum Doing {
    NOTHING,
    CLAIM,
    REVOKE,
    LOOK,
    PUT,
    COMMIT,
    WRITE
  }

  /**
   * A fill.
   *
   * @param claimAge since it last began to claim
   * @param readRevision of the note it is about to revoke
   */
  private record Fill(Doing doing, long claimAge, long readRevision) {
    static final Fill IDLE = new Fill(Doing.NOTHING, 0, 0);

    Fill to(Doing next) {
      return new Fill(next, claimAge, 0);
    }
  }

  /** What the collector of a fence is about to do. */
  private sealed interface Work {
    record Idle() implements Work {}

    record Marked(boolean marked, long age) implements Work {}

    /** It has read the note and examined the bytes, and goes by that. */
    record Judged(Step step, long revision) implements Work {}

    /** The note says so: it is about to send the deletion. */
    record Cleared(long revision) implements Work {}

    /** It has sent the deletion. */
    record Sent(long revision) implements Work {}

    /** The bytes are gone; now the note. */
    record Deleted(long revision) implements Work {}
  }

  /**
   * All there is.
   *
   * @param bytesAge since the last put, or -1 if they are not there
   * @param note with {@code sinceMillis} as an age
   * @param revision of the note, by which compare-and-set goes
   * @param lateAge of the note of a dead collector's deletion that may still arrive, or -1
   */
  private record World(
      long bytesAge,
      Condemnation note,
      long revision,
      boolean document,
      Fill one,
      Fill two,
      Work work,
      long lateAge) {
    /** The fills are alike: half of all states are others with the two exchanged. */
    World ordered() {
      int order = one.doing.compareTo(two.doing);
      if (order == 0) {
        order = Long.compare(one.claimAge, two.claimAge);
      }
      if (order == 0) {
        order = Long.compare(one.readRevision, two.readRevision);
      }
      return order <= 0
          ? this
          : new World(bytesAge, note, revision, document, two, one, work, lateAge);
    }
  }

  /** What the model may leave out to see whether it would notice. */
  private record Weakness(
      boolean fillsDoNotClaim,
      boolean noGrace,
      boolean fillsDoNotHurry,
      boolean deletionsDoNotSettle,
      boolean noSecondMark) {
    static final Weakness NONE = new Weakness(false, false, false, false, false);
  }

  // --- time

  private static World tick(World w) {
    return new World(
        older(w.bytesAge),
        aged(w.note),
        w.revision,
        w.document,
        aged(w.one),
        aged(w.two),
        w.work instanceof Work.Marked(boolean marked, long age)
            ? new Work.Marked(marked, older(age))
            : w.work,
        older(w.lateAge));
  }

  private static long older(long age) {
    return age < 0 ? age : Math.min(OLDEST, age + 1);
  }

  private static Fill aged(Fill fill) {
    return fill.doing == Doing.NOTHING
        ? fill
        : new Fill(fill.doing, older(fill.claimAge), fill.readRevision);
  }

  private static Condemnation aged(Condemnation note) {
    return switch (note) {
      case Free free -> free;
      case Condemned(long age, long fence) -> new Condemned(older(age), fence);
      case Deleting(long age, long fence) -> new Deleting(older(age), fence);
    };
  }

  /** Ages to times, for the transitions. */
  private static Condemnation timed(Condemnation note) {
    return switch (note) {
      case Free free -> free;
      case Condemned(long age, long fence) -> new Condemned(NOW - age, fence);
      case Deleting(long age, long fence) -> new Deleting(NOW - age, fence);
    };
  }

  private static Condemnation untimed(Condemnation note) {
    return switch (note) {
      case Free free -> free;
      case Condemned(long since, long fence) -> new Condemned(NOW - since, fence);
      case Deleting(long since, long fence) -> new Deleting(NOW - since, fence);
    };
  }

  // --- fills

  private List<World> fillSteps(World w, boolean first, Weakness weak) {
    Fill fill = first ? w.one : w.two;
    List<World> next = new ArrayList<>();
    if (fill.doing != Doing.NOTHING) {
      next.add(with(w, first, Fill.IDLE)); // it dies, or gives up
    }
    switch (fill.doing) {
      case NOTHING ->
          next.add(with(w, first, new Fill(weak.fillsDoNotClaim ? Doing.LOOK : Doing.CLAIM, 0, 0)));
      case CLAIM -> {
        Claim claim = timed(w.note).claim();
        switch (claim) {
          case GRANTED -> next.add(with(w, first, fill.to(Doing.LOOK)));
          case REVOKE ->
              next.add(with(w, first, new Fill(Doing.REVOKE, fill.claimAge, w.revision)));
          case WAIT -> {} // reads again, in the same state
        }
      }
      case REVOKE ->
          next.add(
              fill.readRevision == w.revision
                  ? with(noted(w, new Free()), first, fill.to(Doing.LOOK))
                  : with(w, first, fill.to(Doing.CLAIM)));
      case LOOK -> {
        boolean skip = w.bytesAge >= 0 && Condemnation.isYoungEnough(NOW - w.bytesAge, NOW, TIMES);
        next.add(with(w, first, fill.to(skip ? Doing.COMMIT : Doing.PUT)));
      }
      case PUT -> next.add(with(withBytes(w, 0), first, fill.to(Doing.COMMIT)));
      case COMMIT -> {
        boolean inTime =
            weak.fillsDoNotHurry
                || Condemnation.mayCommit(NOW - fill.claimAge, NOW, TIMES.halfMillis());
        next.add(
            inTime
                ? with(w, first, fill.to(Doing.WRITE))
                : with(w, first, new Fill(Doing.CLAIM, 0, 0)));
      }
      case WRITE -> next.add(with(withDocument(w, true), first, Fill.IDLE));
    }
    return next;
  }

  private static World with(World w, boolean first, Fill fill) {
    return new World(
        w.bytesAge,
        w.note,
        w.revision,
        w.document,
        first ? fill : w.one,
        first ? w.two : fill,
        w.work,
        w.lateAge);
  }

  private static World withBytes(World w, long age) {
    return new World(age, w.note, w.revision, w.document, w.one, w.two, w.work, w.lateAge);
  }

  private static World withDocument(World w, boolean there) {
    return new World(w.bytesAge, w.note, w.revision, there, w.one, w.two, w.work, w.lateAge);
  }

  /** A change of the note; its revision is another than any that somebody has read. */
  private static World noted(World w, Condemnation note) {
    Set<Long> read = new HashSet<>();
    read.add(w.revision);
    read.add(w.one.readRevision);
    read.add(w.two.readRevision);
    switch (w.work) {
      case Work.Judged(Step step, long revision) -> read.add(revision);
      case Work.Cleared(long revision) -> read.add(revision);
      case Work.Sent(long revision) -> read.add(revision);
      case Work.Deleted(long revision) -> read.add(revision);
      case Work.Idle idle -> {}
      case Work.Marked marked -> {}
    }
    long revision = 1;
    while (read.contains(revision)) {
      revision++;
    }
    return new World(w.bytesAge, note, revision, w.document, w.one, w.two, w.work, w.lateAge);
  }

  private static World working(World w, Work work) {
    return new World(w.bytesAge, w.note, w.revision, w.document, w.one, w.two, work, w.lateAge);
  }

  // --- the collector

  /** Fences grow without end; only whether the note is of this collector or an elder matters. */
  private static final long FENCE = 7;

  private List<World> collectorSteps(World w, Weakness weak) {
    List<World> next = new ArrayList<>();
    if (w.work instanceof Work.Idle) {
      next.add(working(w, new Work.Marked(w.document, 0)));
    } else {
      next.add(died(w));
    }
    switch (w.work) {
      case Work.Idle idle -> {}
      case Work.Marked(boolean marked, long age) -> {
        boolean seenMarked = marked && !(weak.noSecondMark && w.note instanceof Condemned);
        Seen seen =
            new Seen(
                seenMarked,
                w.bytesAge < 0 ? OptionalLong.empty() : OptionalLong.of(NOW - w.bytesAge));
        long markBegun = NOW - age;
        Times times = weak.noGrace ? new Times(2, 1) : TIMES;
        Times used = weak.deletionsDoNotSettle ? new Times(times.graceMillis(), 1) : times;
        Step step = timed(w.note).next(seen, markBegun, NOW, FENCE, used);
        next.add(working(w, new Work.Judged(step, w.revision)));
      }
      case Work.Judged(Step step, long revision) -> next.add(act(w, step, revision));
      case Work.Cleared(long revision) ->
          next.add(
              working(
                  w,
                  TIMES.mayDelete(NOW - noteAge(w), NOW)
                      ? new Work.Sent(revision)
                      : new Work.Idle()));
      case Work.Sent(long revision) ->
          next.add(working(withBytes(w, -1), new Work.Deleted(revision)));
      case Work.Deleted(long revision) ->
          next.add(working(revision == w.revision ? noted(w, new Free()) : w, new Work.Idle()));
    }
    return next;
  }

  private static World act(World w, Step step, long revision) {
    boolean same = revision == w.revision;
    return switch (step) {
      case Step.Leave leave -> working(w, new Work.Idle());
      case Step.Note(Condemnation note) when !same -> working(w, new Work.Idle());
      case Step.Note(Condemnation note) -> {
        World written = noted(w, untimed(note));
        yield working(
            written,
            note instanceof Deleting ? new Work.Cleared(written.revision) : new Work.Idle());
      }
      case Step.Spare spare -> working(same ? noted(w, new Free()) : w, new Work.Idle());
    };
  }

  /** The next collector has a higher fence: what this one wrote is an elder's then. */
  private static World died(World w) {
    Condemnation note =
        switch (w.note) {
          case Free free -> free;
          case Condemned(long age, long fence) -> new Condemned(age, FENCE - 1);
          case Deleting(long age, long fence) -> new Deleting(age, FENCE - 1);
        };
    boolean onItsWay = w.work instanceof Work.Sent;
    return new World(
        w.bytesAge,
        note,
        w.revision,
        w.document,
        w.one,
        w.two,
        new Work.Idle(),
        onItsWay ? noteAge(w) : w.lateAge);
  }

  // --- all of it

  private List<World> steps(World w, Weakness weak) {
    List<World> next = new ArrayList<>();
    if (mayTimeGoOn(w)) {
      next.add(tick(w));
    }
    if (w.lateAge >= 0) {
      World arrived = new World(-1, w.note, w.revision, w.document, w.one, w.two, w.work, -1);
      next.add(arrived);
    }
    if (w.document) {
      next.add(withDocument(w, false)); // purged, evicted, replaced
    }
    next.addAll(fillSteps(w, true, weak));
    if (fills > 1) {
      next.addAll(fillSteps(w, false, weak));
    }
    next.addAll(collectorSteps(w, weak));
    return next;
  }

  /** Requests end: a deletion before it counts as settled, a write within the other half. */
  private static boolean mayTimeGoOn(World w) {
    boolean mustArrive = w.lateAge >= SETTLE - 1;
    boolean mustDelete = w.work instanceof Work.Sent && noteAge(w) >= SETTLE - 1;
    return !mustArrive && !mustDelete && mayDawdle(w.one) && mayDawdle(w.two);
  }

  private static boolean mayDawdle(Fill fill) {
    return fill.doing != Doing.WRITE || fill.claimAge < GRACE - 1;
  }

  private static long noteAge(World w) {
    return w.note instanceof Deleting(long age, long fence) ? age : 0;
  }

  /** One is explored to its end in a second; two are the whole proof. */
  private int fills = 1;

  private static final World BEGINNING =
      new World(-1, new Free(), 1, false, Fill.IDLE, Fill.IDLE, new Work.Idle(), -1);

  /** All that can ever be, or a state in which a document names bytes that are not there. */
  private Optional<World> explore(Weakness weak, Set<World> seen) {
    Deque<World> todo = new ArrayDeque<>();
    todo.add(BEGINNING);
    seen.add(BEGINNING);
    while (!todo.isEmpty()) {
      World w = todo.poll();
      if (w.document && w.bytesAge < 0) {
        return Optional.of(w);
      }
      for (World next : steps(w, weak)) {
        World one = next.ordered();
        if (seen.add(one)) {
          todo.add(one);
        }
      }
    }
    return Optional.empty();
  }

  @Test
  void aCommittedDocumentsBytesAreAlwaysThereAndNoGarbageRemainsWithOneFill() {
    holdsForAll(1);
  }

  @Test
  @Tag("slow")
  void aCommittedDocumentsBytesAreAlwaysThereAndNoGarbageRemainsWithTwoFills() {
    holdsForAll(2);
  }

  private void holdsForAll(int fillsAtATime) {
    // Given
    fills = fillsAtATime;
    Set<World> seen = new HashSet<>();

    // When
    Optional<World> lie = explore(Weakness.NONE, seen);

    // Then
    assertThat(lie).isEmpty();
    assertThat(seen.size()).as("the states visited").isGreaterThan(10_000);
    assertThat(seen.stream().anyMatch(w -> w.work instanceof Work.Deleted)).isTrue();

    // When
    Map<World, Boolean> clean = new HashMap<>();
    List<World> leaks =
        seen.stream()
            .filter(w -> w.one.doing == Doing.NOTHING && w.two.doing == Doing.NOTHING)
            .filter(w -> !w.document && w.lateAge < 0)
            .filter(w -> !clean.computeIfAbsent(working(w, new Work.Idle()), this::becomesClean))
            .toList();

    // Then
    assertThat(leaks).isEmpty();
    assertThat(clean).isNotEmpty();
  }

  /** A pass per tick, and nobody else. */
  private boolean becomesClean(World from) {
    World w = from;
    for (int passes = 0; passes < 6 * GRACE; passes++) {
      do {
        w = collectorSteps(w, Weakness.NONE).getLast();
      } while (!(w.work instanceof Work.Idle));
      if (w.bytesAge < 0 && w.note instanceof Free) {
        return true;
      }
      w = tick(w);
    }
    return false;
  }

  @Test
  void theModelNoticesFillsThatDoNotClaim() {
    assertThat(explore(new Weakness(true, false, false, false, false), new HashSet<>()))
        .isPresent();
  }

  @Test
  void theModelNoticesAGraceShorterThanAFill() {
    assertThat(explore(new Weakness(false, true, false, false, false), new HashSet<>()))
        .isPresent();
  }

  @Test
  void theModelNoticesFillsThatCommitOnOldClaims() {
    assertThat(explore(new Weakness(false, false, true, false, false), new HashSet<>()))
        .isPresent();
  }

  @Test
  void theModelNoticesADeletionThatArrivesLate() {
    assertThat(explore(new Weakness(false, false, false, true, false), new HashSet<>()))
        .isPresent();
  }

  @Test
  void theModelNoticesAMissingSecondMark() {
    fills = 2;
    assertThat(explore(new Weakness(false, false, false, false, true), new HashSet<>()))
        .isPresent();
  }
}
