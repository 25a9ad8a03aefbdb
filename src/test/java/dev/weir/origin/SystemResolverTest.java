package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The operating system's resolver, asked only for what this machine knows by itself. */
final class SystemResolverTest {
  /** No DNS label is that long: refused without asking a server. */
  private static final String IMPOSSIBLE = "a".repeat(300);

  private static SystemResolver resolver(int threads, int maxQueued) {
    return new SystemResolver(new OriginSettings.Names(threads, maxQueued, 100, 60_000));
  }

  @Test
  void localhostHasLoopbackAddressesAndIsAskedForOnce() throws Exception {
    // Given
    try (SystemResolver resolver = resolver(2, 16)) {
      // When
      CompletionStage<List<InetAddress>> one = resolver.resolve("localhost");
      CompletionStage<List<InetAddress>> other = resolver.resolve("localhost");
      // Then
      assertThat(await(one)).isNotEmpty().allMatch(InetAddress::isLoopbackAddress);
      assertThat(other).isSameAs(one);
      assertThat(resolver.resolve("localhost")).isSameAs(one);
    }
  }

  @Test
  void aFailureSaysWhichNameAndIsNotKept() throws Exception {
    // Given
    try (SystemResolver resolver = resolver(1, 16)) {
      // When
      CompletionStage<List<InetAddress>> first = resolver.resolve(IMPOSSIBLE);
      OriginFailure failure = failure(first);
      CompletionStage<List<InetAddress>> second = resolver.resolve(IMPOSSIBLE);
      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.RESOLVE);
      assertThat(failure).hasMessageContaining(IMPOSSIBLE);
      assertThat(second).isNotSameAs(first);
      assertThat(failure(second).kind()).isEqualTo(OriginFailure.Kind.RESOLVE);
    }
  }

  @Test
  void moreQuestionsThanMayWaitAreTurnedAwayAndTheResolverLivesOn() throws Exception {
    // Given
    try (SystemResolver resolver = resolver(1, 1)) {
      // When
      List<OriginFailure.Kind> kinds = new ArrayList<>();
      List<CompletionStage<List<InetAddress>>> asked = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        asked.add(resolver.resolve(i + IMPOSSIBLE));
      }
      for (CompletionStage<List<InetAddress>> answer : asked) {
        kinds.add(failure(answer).kind());
      }
      // Then
      assertThat(kinds)
          .contains(OriginFailure.Kind.OVERLOADED)
          .containsAnyOf(OriginFailure.Kind.RESOLVE);
      assertThat(await(resolver.resolve("127.0.0.1"))).hasSize(1);
    }
  }

  @Test
  void aClosedResolverAnswersNobody() throws Exception {
    // Given
    SystemResolver resolver = resolver(1, 1);
    // When
    resolver.close();
    // Then
    assertThat(failure(resolver.resolve("localhost")).kind())
        .isEqualTo(OriginFailure.Kind.OVERLOADED);
  }
}
