package dev.weir.entry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Parts of a body against a plain set of the bytes that came. */
final class SegmentedBodyTest {
  private static Body.Segment segment(int first, int length) {
    return new Body.Segment(first, new Body.Inline(new byte[length]));
  }

  @Test
  void whateverComesInWhateverOrderItCoversExactlyWhatCame() {
    Random random = new Random(34);
    for (int round = 0; round < 3000; round++) {
      // Given
      int total = 1 + random.nextInt(300);
      BitSet came = new BitSet(total);
      Body.Segmented body = new Body.Segmented(total, List.of());
      for (int i = 0; i < 1 + random.nextInt(12); i++) {
        int first = random.nextInt(total);
        int length = 1 + random.nextInt(total - first);
        body = body.with(segment(first, length));
        came.set(first, first + length);
      }

      // When
      int from = random.nextInt(total);
      int to = from + 1 + random.nextInt(total - from);

      // Then
      assertThat(body.covers(from, to)).isEqualTo(came.nextClearBit(from) >= to);
      assertThat(body.reach(0)).isEqualTo(came.nextClearBit(0));
      assertThat(body.lastGapEnd()).isEqualTo(came.previousClearBit(total - 1) + 1L);
      assertThat(body.complete()).isEqualTo(came.cardinality() == total);
      assertThat(body.length()).isEqualTo(total);
    }
  }

  @Test
  void whatLiesWithinAnotherSegmentIsNotKeptTwice() {
    // Given
    Body.Segmented body = new Body.Segmented(100, List.of(segment(10, 20)));

    // When / Then
    assertThat(body.with(segment(12, 5))).isSameAs(body);
    assertThat(body.with(segment(10, 20))).isSameAs(body);
    assertThat(body.with(segment(5, 50)).segments()).hasSize(1);
    assertThat(body.with(segment(30, 10)).segments()).hasSize(2);
  }

  @Test
  void ofTooManySegmentsTheSmallestGoes() {
    // Given
    Body.Segmented body = new Body.Segmented(100_000, List.of());
    for (int i = 0; i < Body.Segmented.MAX_SEGMENTS; i++) {
      body = body.with(segment(i * 100, i == 7 ? 5 : 10));
    }

    // When
    body = body.with(segment(90_000, 50));

    // Then
    assertThat(body.segments()).hasSize(Body.Segmented.MAX_SEGMENTS);
    assertThat(body.covers(90_000, 90_050)).isTrue();
    assertThat(body.covers(700, 701)).isFalse();
  }

  @Test
  void whatReachesBeyondTheEndIsNoSegment() {
    assertThatThrownBy(() -> new Body.Segmented(10, List.of(segment(5, 6))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Body.Segment(0, new Body.Inline(new byte[0])))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
