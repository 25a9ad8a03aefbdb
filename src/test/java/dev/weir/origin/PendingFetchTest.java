package dev.weir.origin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A request that connections close on before they take it. */
class PendingFetchTest {
  @Test
  void asManyConnectionsAreTriedAsTheSettingsSay() {
    // Given
    RequestHead head =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/", Headers.EMPTY);
    int three = OriginFixture.settings("connect.max-attempts = 3").connect().maxAttempts();
    PendingFetch fetch =
        new PendingFetch(
            OriginRequest.of(head, new OriginTimeouts(0, 0, 0)),
            "http://origin.test",
            List.of(),
            0,
            null,
            three);

    // Then
    assertThat(fetch.tryAgain()).isTrue();
    assertThat(fetch.tryAgain()).isTrue();
    assertThat(fetch.tryAgain()).isFalse();
  }
}
