package dev.weir.cache;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.entry.VaryIndex;
import dev.weir.http.Headers;
import dev.weir.http.StoredResponse;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Grants and revocations that cross each other on the way. */
class NearTableTest {
  private static final PrimaryKey KEY = new PrimaryKey("http", "origin.test", "a".repeat(56));
  private static final long NOW = System.nanoTime();
  private static final long MILLI = 1_000_000;

  private NearTable table;

  @BeforeEach
  void open() {
    table =
        new NearTable(
            CacheSettings.from(
                ConfigFactory.parseResources("reference/cache.conf")
                    .resolve()
                    .getConfig("weir.cache")));
    table.renewSession(NOW + 3_600_000 * MILLI);
  }

  private static Entry entry(VariantKey variant, String body) {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", 1, 2);
    Body inline = new Body.Inline(CacheHarness.bytes(body));
    return new Entry(KEY, variant, "http://o/", response, inline, Epoch.FIRST, new FillId(body));
  }

  private Lease lease(long incarnation, long sequence, String body) {
    return new Lease(entry(VariantKey.NONE, body), List.of(), incarnation, sequence, 1000);
  }

  private Entry found(long nowNanos) {
    return table.find(KEY, names -> VariantKey.NONE, nowNanos);
  }

  @Test
  void aGrantThatARevocationHasOvertakenIsDropped() {
    // Given
    table.grant(lease(7, 1, "one"), NOW);

    // When
    table.revoke(KEY, 7, 3);
    table.grant(lease(7, 2, "two"), NOW);

    // Then
    assertThat(found(NOW)).isNull();
    table.grant(lease(7, 4, "four"), NOW);
    assertThat(found(NOW).tag().text()).isEqualTo("four");
  }

  @Test
  void aRevocationThatALaterGrantHasOvertakenTakesNothing() {
    // Given
    table.grant(lease(7, 4, "four"), NOW);

    // When
    table.revoke(KEY, 7, 3);

    // Then
    assertThat(found(NOW)).isNotNull();
  }

  @Test
  void aKeeperOfThePastGrantsNothingAndOneBornLaterCountsFromTheStart() {
    // Given
    table.grant(lease(7, 90, "old"), NOW);

    // When
    table.revoke(KEY, 8, 1);
    table.grant(lease(7, 91, "past"), NOW);

    // Then
    assertThat(found(NOW)).isNull();
    table.grant(lease(8, 2, "newborn"), NOW);
    assertThat(found(NOW).tag().text()).isEqualTo("newborn");
    table.grant(lease(7, 92, "past"), NOW);
    assertThat(found(NOW).tag().text()).isEqualTo("newborn");
  }

  @Test
  void aRevocationByAKeeperOnANodeWhoseClockIsBehindLeftThePredecessorsLease() {
    // Given
    table.grant(lease(5000, 90, "old"), NOW);

    // When
    table.revoke(KEY, 3000, 1);

    // Then
    assertThat(found(NOW)).isNull();
  }

  @Test
  void grantsThatArriveOutOfOrderLeaveTheNewest() {
    // When
    table.grant(lease(7, 2, "two"), NOW);
    table.grant(lease(7, 1, "one"), NOW);

    // Then
    assertThat(found(NOW).tag().text()).isEqualTo("two");
  }

  @Test
  void aLeaseEndsWithItsTermOrWithTheSession() {
    // Given
    table.grant(lease(7, 1, "one"), NOW);

    // Then
    assertThat(found(NOW + 999 * MILLI)).isNotNull();
    assertThat(found(NOW + 1000 * MILLI)).isNull();
    table.renewSession(NOW + 500 * MILLI);
    assertThat(found(NOW + 499 * MILLI)).isNotNull();
    assertThat(found(NOW + 500 * MILLI)).isNull();
  }

  @Test
  void aKeyKeepsNoMoreVariantsThanItsKeeperDoes() {
    // When
    for (int i = 0; i <= VaryIndex.MAX_VARIANTS; i++) {
      VariantKey variant = new VariantKey("%056x".formatted(i));
      table.grant(new Lease(entry(variant, "v" + i), List.of("accept"), 7, i + 1, 1000), NOW);
    }

    // Then
    VariantKey first = new VariantKey("%056x".formatted(0));
    VariantKey second = new VariantKey("%056x".formatted(1));
    assertThat(table.find(KEY, names -> first, NOW)).isNull();
    assertThat(table.find(KEY, names -> second, NOW)).isNotNull();
  }
}
