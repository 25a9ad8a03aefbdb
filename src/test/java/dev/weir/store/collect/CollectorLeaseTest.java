package dev.weir.store.collect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.store.MemoryMetadataStore;
import dev.weir.store.MetadataStore.Version;
import dev.weir.store.Notes;
import dev.weir.store.collect.CollectorLease.Attempt;
import dev.weir.store.collect.CollectorLease.Held;
import dev.weir.store.collect.CollectorLease.Vacant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CollectorLeaseTest {
  private static final long TERM_MILLIS = 1000;

  @Test
  void aVacantLeaseIsTakenWithAHigherFence() {
    assertThat(new Vacant(6).attempt("me", 0, TERM_MILLIS))
        .isEqualTo(new Attempt.Take(new Held("me", 7, 0)));
  }

  @Test
  void aHeldOneIsTakenOnlyAfterAWholeTermOfSilence() {
    Held held = new Held("other", 3, 9);
    assertThat(held.attempt("me", TERM_MILLIS - 1, TERM_MILLIS)).isInstanceOf(Attempt.Watch.class);
    assertThat(held.attempt("me", TERM_MILLIS, TERM_MILLIS))
        .isEqualTo(new Attempt.Take(new Held("me", 4, 0)));
  }

  @Test
  void theTextComesBackAsItWas() {
    for (CollectorLease lease : List.of(new Vacant(0), new Vacant(4), new Held("a-b", 5, 6))) {
      assertThat(CollectorLease.parse(lease.text())).isEqualTo(lease);
    }
    assertThat(CollectorLease.parse("")).isEqualTo(new Vacant(0));
    assertThatThrownBy(() -> CollectorLease.parse("later 1")).hasMessageContaining("version");
  }

  @Test
  void oneHoldsItAtATimeAndItsEndIsSeenByTheNext() {
    // Given
    Notes notes = new MemoryMetadataStore().notes();
    LeaseHolder first = LeaseHolder.take(notes, TERM_MILLIS).orElseThrow();

    // When
    Optional<LeaseHolder> second = LeaseHolder.take(notes, TERM_MILLIS);
    first.close();
    LeaseHolder third = LeaseHolder.take(notes, TERM_MILLIS).orElseThrow();

    // Then
    assertThat(second).isEmpty();
    assertThat(first.isSafe()).isFalse();
    assertThat(third.isSafe()).isTrue();
    assertThat(third.fence()).isGreaterThan(first.fence());
    third.close();
  }

  @Test
  void aSilentHolderIsReplaced() throws Exception {
    // Given
    Notes notes = new MemoryMetadataStore().notes();
    notes
        .write(ChunkNotes.LEASE, new Held("gone", 41, 3).text(), Version.ABSENT)
        .toCompletableFuture()
        .get();

    // When
    LeaseHolder taken = LeaseHolder.take(notes, TERM_MILLIS).orElseThrow();

    // Then
    assertThat(taken.fence()).isEqualTo(42);
    taken.close();
  }

  @Test
  void whoLosesItDeletesNothingMore() throws Exception {
    // Given
    Notes notes = new MemoryMetadataStore().notes();
    LeaseHolder holder = LeaseHolder.take(notes, TERM_MILLIS).orElseThrow();

    // When
    while (holder.isSafe()) {
      Notes.Note now = notes.read(ChunkNotes.LEASE).toCompletableFuture().get().orElseThrow();
      notes
          .write(ChunkNotes.LEASE, new Held("thief", 99, 0).text(), now.version())
          .toCompletableFuture()
          .get();
      Thread.sleep(20);
    }

    // Then
    assertThat(holder.isSafe()).isFalse();
    holder.close();
    assertThat(notes.read(ChunkNotes.LEASE).toCompletableFuture().get().orElseThrow().text())
        .contains("thief");
  }
}
