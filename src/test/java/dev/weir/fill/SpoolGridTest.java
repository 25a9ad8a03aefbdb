package dev.weir.fill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Who brings which chunk. */
class SpoolGridTest {
  private static final long CHUNK = 100;

  @Test
  void aWaitingReaderComesFirstThenTheLowest() {
    // Given
    SpoolGrid grid = new SpoolGrid(1050, CHUNK);
    grid.startAt(30, 50);
    // When / Then
    assertThat(grid.claim(2, 1, List.of(720L), false, -1)).isEqualTo(new SpoolGrid.Claim(700, 800));
    assertThat(grid.claim(3, 1, List.of(), false, -1)).isEqualTo(new SpoolGrid.Claim(100, 200));
    assertThat(grid.claim(4, 3, List.of(), true, -1)).isEqualTo(new SpoolGrid.Claim(1000, 1050));
    assertThat(grid.claim(5, 9, List.of(), false, -1)).isEqualTo(new SpoolGrid.Claim(200, 700));
  }

  @Test
  void whatIsAskedForButNotBegunGoesToTheFirstStream() {
    // Given
    SpoolGrid grid = new SpoolGrid(1000, CHUNK);
    grid.startAt(0, 0);
    grid.claim(2, 1, List.of(), false, -1);
    // When
    boolean goesOn = grid.owns(100);
    // Then
    assertThat(goesOn).isTrue();
    assertThat(grid.begins(2, 100)).isFalse();
  }

  @Test
  void theFirstStreamEndsBeforeAChunkThatAnotherBrings() {
    // Given
    SpoolGrid grid = new SpoolGrid(1000, CHUNK);
    grid.startAt(0, 0);
    grid.claim(2, 1, List.of(), false, -1);
    grid.begins(2, 100);
    // When / Then
    assertThat(grid.acceptable(60, 80)).isEqualTo(40);
    assertThat(grid.owns(100)).isFalse();
    grid.leaveToFirstStream();
    assertThat(grid.owns(100)).isTrue();
  }

  @Test
  void whatBrokeOffIsAskedForFromThere() {
    // Given
    SpoolGrid grid = new SpoolGrid(1000, CHUNK);
    grid.startAt(0, 0);
    grid.claim(2, 3, List.of(), false, -1);
    grid.begins(2, 100);
    grid.reached(1, 40);
    // When
    grid.giveBack(2);
    // Then
    assertThat(grid.claim(3, 2, List.of(), false, -1)).isEqualTo(new SpoolGrid.Claim(140, 300));
  }

  /** Connections that begin, break and end in any order bring every byte, and none twice. */
  @RepeatedTest(200)
  void everyByteIsBroughtOnce(RepetitionInfo run) {
    // Given
    Random random = new Random(run.getCurrentRepetition());
    long total = 1 + random.nextInt(3000);
    SpoolGrid grid = new SpoolGrid(total, CHUNK);
    boolean[] brought = new boolean[(int) total];
    long first = 0;
    boolean firstLives = true;
    grid.startAt(0, 0);
    List<long[]> open = new ArrayList<>(); // owner, at, end
    int owner = SpoolGrid.FIRST_STREAM;

    // When
    for (int step = 0; step < 100_000 && !grid.isComplete(); step++) {
      int what = random.nextInt(10);
      if (what < 3 && firstLives) {
        int bytes = grid.acceptable(first, 1 + random.nextInt(150));
        for (int i = 0; i < bytes; i++) {
          bring(grid, brought, first++);
        }
        if (first == total || !grid.owns(first) || random.nextInt(40) == 0) {
          firstLives = false;
          grid.firstStreamEnded(first);
        }
      } else if (what < 5 && open.size() < 6) {
        List<Long> waiting =
            random.nextBoolean() ? List.of() : List.of((long) random.nextInt((int) total));
        var claim = grid.claim(++owner, 1 + random.nextInt(4), waiting, random.nextBoolean(), -1);
        if (claim != null) {
          open.add(new long[] {owner, claim.from(), claim.end()});
        }
      } else if (!open.isEmpty()) {
        long[] one = open.get(random.nextInt(open.size()));
        int bytes = random.nextInt(120);
        boolean goesOn = random.nextInt(30) != 0;
        for (int i = 0; i < bytes && goesOn && one[1] < one[2]; i++) {
          goesOn = grid.begins((int) one[0], one[1]);
          if (goesOn) {
            bring(grid, brought, one[1]++);
          }
        }
        if (!goesOn || one[1] == one[2]) {
          grid.giveBack((int) one[0]);
          open.remove(one);
        }
      }
    }

    // Then
    assertThat(grid.isComplete()).isTrue();
    assertThat(grid.frontier()).isEqualTo(total);
    assertThat(brought).doesNotContain(false);
  }

  private static void bring(SpoolGrid grid, boolean[] brought, long offset) {
    assertThat(brought[(int) offset]).as("byte %s once", offset).isFalse();
    brought[(int) offset] = true;
    int index = grid.indexOf(offset);
    assertThat(grid.heldOf(index)).as("no hole").isEqualTo(offset - grid.startOf(index));
    grid.reached(index, offset - grid.startOf(index) + 1);
  }
}
