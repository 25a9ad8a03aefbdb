package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.cache.KeyState.CommitDecision;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import dev.weir.store.MetadataStore.Version;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Entries that are served before their bytes are durable, by the rules of one key. */
class KeyStateHeldTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));
  private static final Version V1 = new Version("v1");

  private final Entry stored = entry(1000);
  private final KeyState state =
      new KeyState(
          KEY,
          CacheSettings.from(
              ConfigFactory.parseResources("reference/cache.conf")
                  .resolve()
                  .getConfig("weir.cache")),
          new StoredKey(
              Epoch.FIRST,
              List.of(),
              Version.ABSENT,
              List.of(new StoredKey.StoredEntry(stored, V1))));

  private static Entry entry(long atMillis) {
    return new Entry(
        KEY,
        VariantKey.NONE,
        "http://origin.test/",
        new StoredResponse(200, "", Headers.EMPTY, "GET", atMillis, atMillis),
        new Body.Inline(new byte[0]),
        Epoch.FIRST,
        FillId.random());
  }

  private static Grant grant(Entry entry) {
    return new Grant(KEY, entry.tag(), Epoch.FIRST, new NodeId("n1"));
  }

  private CommitDecision commit(Entry entry, boolean held) {
    return state.decideCommit(grant(entry), entry, List.of(), held);
  }

  private void hold(Entry entry) {
    CommitDecision decision = commit(entry, true);
    assertThat(decision).isInstanceOf(CommitDecision.Hold.class);
    state.held(grant(entry), entry, List.of(), ((CommitDecision.Hold) decision).over());
  }

  @Test
  void whatIsHeldIsServedAndWrittenOverTheOldDocument() {
    // Given
    Entry fresh = entry(2000);
    // When
    hold(fresh);
    // Then
    assertThat(state.current(VariantKey.NONE, fresh.tag())).isNotNull();
    assertThat(state.hasHeld()).isTrue();
    assertThat(commit(fresh, false))
        .isEqualTo(new CommitDecision.Write(fresh, V1, null, Version.ABSENT));
    // When
    state.committed(grant(fresh), fresh, List.of(), new Version("v2"), null);
    // Then
    assertThat(state.hasHeld()).isFalse();
    assertThat(commit(fresh, true)).isEqualTo(new CommitDecision.Known(fresh));
  }

  @Test
  void aRefreshOfWhatIsHeldIsNotWrittenButIsWhatIsWrittenInTheEnd() {
    // Given
    Entry fresh = entry(2000);
    hold(fresh);
    Entry refreshed =
        fresh.withResponse(
            new StoredResponse(200, "", Headers.of("ETag", "\"x\""), "GET", 9000, 9000));
    Grant later = new Grant(KEY, FillId.random(), Epoch.FIRST, new NodeId("n1"));
    // When
    CommitDecision decision = state.decideCommit(later, refreshed, List.of());
    // Then
    assertThat(decision).isInstanceOf(CommitDecision.Refresh.class);
    assertThat(((CommitDecision.Refresh) decision).persist()).isFalse();
    // When
    state.refreshed(later, refreshed, null);
    // Then
    assertThat(commit(fresh, false))
        .isEqualTo(new CommitDecision.Write(refreshed, V1, null, Version.ABSENT));
  }

  @Test
  void aPurgeForgetsWhatIsHeldAndItNeverComesBack() {
    // Given
    Entry fresh = entry(2000);
    hold(fresh);
    // When
    state.invalidate(0);
    // Then
    assertThat(state.hasHeld()).isFalse();
    assertThat(commit(fresh, false)).isEqualTo(new CommitDecision.Refuse("epoch"));
  }

  @Test
  void whatIsHeldGivesWayToWhatIsNewer() {
    // Given
    Entry older = entry(2000);
    Entry newer = entry(3000);
    hold(older);
    // When
    hold(newer);
    // Then
    assertThat(commit(older, false)).isEqualTo(new CommitDecision.Refuse("superseded"));
    assertThat(commit(newer, false)).isInstanceOf(CommitDecision.Write.class);
  }

  @Test
  void whatIsHeldSurvivesAReloadUnlessTheStoreIsAhead() {
    // Given
    Entry fresh = entry(2000);
    hold(fresh);
    // When
    state.adopt(
        new StoredKey(
            Epoch.FIRST,
            List.of(),
            Version.ABSENT,
            List.of(new StoredKey.StoredEntry(stored, V1))));
    // Then
    assertThat(commit(fresh, false))
        .isEqualTo(new CommitDecision.Write(fresh, V1, null, Version.ABSENT));
    // When
    Entry theirs = entry(4000);
    state.adopt(
        new StoredKey(
            Epoch.FIRST,
            List.of(),
            Version.ABSENT,
            List.of(new StoredKey.StoredEntry(theirs, new Version("v9")))));
    // Then
    assertThat(state.hasHeld()).isFalse();
    assertThat(commit(fresh, false)).isEqualTo(new CommitDecision.Refuse("superseded"));
  }

  @Test
  void theIndexIsWrittenOnlyWithTheEntryItLists() {
    // Given
    VariantKey variant = new VariantKey("b".repeat(56));
    Entry varied =
        new Entry(
            KEY,
            variant,
            "http://origin.test/",
            new StoredResponse(200, "", Headers.EMPTY, "GET", 5000, 5000),
            new Body.Inline(new byte[0]),
            Epoch.FIRST,
            FillId.random());
    List<String> names = List.of("accept");
    // When
    CommitDecision held = state.decideCommit(grant(varied), varied, names, true);
    state.held(grant(varied), varied, names, Version.ABSENT);
    CommitDecision written = state.decideCommit(grant(varied), varied, names, false);
    // Then
    assertThat(held).isEqualTo(new CommitDecision.Hold(Version.ABSENT));
    assertThat(written)
        .isInstanceOfSatisfying(
            CommitDecision.Write.class,
            write -> {
              assertThat(write.index()).isNotNull();
              assertThat(write.index().vary()).isEqualTo(names);
              assertThat(write.index().variants()).containsExactly(variant);
            });
  }
}
