package dev.weir.mirror.links;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WorkBudgetTest {
  @Test
  void whoFindsNothingLeftWaitsInTurn() {
    // Given
    WorkBudget budget = new WorkBudget(100);
    CompletableFuture<Long> first = budget.take(60).toCompletableFuture();
    CompletableFuture<Long> large = budget.take(500).toCompletableFuture();
    CompletableFuture<Long> small = budget.take(10).toCompletableFuture();
    // Then
    assertThat(first).isCompletedWithValue(60L);
    assertThat(large).isNotDone();
    assertThat(small).as("nobody is overtaken").isNotDone();
    // When
    budget.giveBack(60);
    // Then
    assertThat(large).isCompletedWithValue(100L);
    assertThat(small).isNotDone();
    // When
    budget.giveBack(100);
    // Then
    assertThat(small).isCompletedWithValue(10L);
  }
}
