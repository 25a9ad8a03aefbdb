package dev.weir.origin;

import static dev.weir.origin.OriginFixture.await;
import static dev.weir.origin.OriginFixture.failure;
import static dev.weir.origin.OriginFixture.get;
import static dev.weir.origin.OriginFixture.request;
import static dev.weir.origin.OriginFixture.until;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PoolTest {
  private static final String HELLO = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

  private static OriginFixture fixture;

  @BeforeAll
  static void start() {
    fixture = new OriginFixture();
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
  }

  /** Answers the first request of each connection and closes under the second. */
  private static RawOrigin closingUnderTheSecond() throws Exception {
    return RawOrigin.start(
        peer -> {
          peer.head();
          peer.say(HELLO);
          peer.head();
        });
  }

  @Test
  void aKeptConnectionThatDiesUnderASafeRequestIsToldAndMayBeResentOnce() throws Exception {
    // Given
    try (RawOrigin origin = closingUnderTheSecond()) {
      PekkoOrigins origins = fixture.origins("");
      OriginRequest request = get(origin.authority(), "/");
      fixture.text(await(origins.fetch(request)));

      // When
      OriginFailure failure = failure(origins.fetch(request));

      // Then
      assertThat(failure.kind()).isEqualTo(OriginFailure.Kind.CLOSED);
      assertThat(failure.reusedConnection()).isTrue();
      assertThat(Resend.isRight(request, failure)).isTrue();
      assertThat(origins.breakers().view()).isEmpty();
      assertThat(origin.heads()).hasSize(2);

      fixture.text(await(origins.fetch(request)));
      assertThat(fixture.text(await(Resend.fetch(origins, request)))).isEqualTo("hello");
      assertThat(origin.accepted()).isEqualTo(3);
    }
  }

  @Test
  void aRequestWithABodyIsNotResent() throws Exception {
    // Given
    try (RawOrigin origin = closingUnderTheSecond()) {
      PekkoOrigins origins = fixture.origins("");
      fixture.text(await(origins.fetch(get(origin.authority(), "/"))));
      AtomicInteger runs = new AtomicInteger();
      OriginRequest post =
          new OriginRequest(
              new RequestHead("POST", "http", origin.authority(), "/", Headers.EMPTY),
              Source.lazySource(
                  () -> {
                    runs.incrementAndGet();
                    return Source.single(ByteString.fromString("once"));
                  }),
              OptionalLong.of(4),
              OriginFixture.TIMEOUTS,
              interim -> {});

      // When
      OriginFailure failure = failure(Resend.fetch(origins, post));

      // Then
      assertThat(failure.reusedConnection()).isTrue();
      assertThat(runs).hasValue(1);
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @Test
  void aConnectionClosedWhileIdleLeavesThePool() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(HELLO);
            })) {
      PekkoOrigins origins = fixture.origins("");
      fixture.text(await(origins.fetch(get(origin.authority(), "/"))));

      // When
      until(() -> origins.metrics().connectionsOpen() == 0);
      String second = fixture.text(await(origins.fetch(get(origin.authority(), "/"))));

      // Then
      assertThat(second).isEqualTo("hello");
      assertThat(origins.metrics().failures(OriginFailure.Kind.CLOSED)).isZero();
      assertThat(origin.accepted()).isEqualTo(2);
    }
  }

  @Test
  void unaskedBytesOnAnIdleConnectionCloseIt() throws Exception {
    // Given
    CountDownLatch read = new CountDownLatch(1);
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.say(HELLO);
              if (peer.number == 1) {
                read.await(10, TimeUnit.SECONDS);
                peer.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
              }
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("");
      fixture.text(await(origins.fetch(get(origin.authority(), "/"))));

      // When
      read.countDown();
      until(() -> origins.metrics().connectionsOpen() == 0);
      String second = fixture.text(await(origins.fetch(get(origin.authority(), "/"))));

      // Then
      assertThat(second).isEqualTo("hello");
    }
  }

  @Test
  void noMoreConnectionsThanAllowedServeAll() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              while (peer.head() != null) {
                Thread.sleep(10);
                peer.say(HELLO);
              }
            })) {
      PekkoOrigins origins = fixture.origins("pool.max-connections = 2");

      // When
      List<CompletableFuture<OriginResponse>> all = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        all.add(origins.fetch(get(origin.authority(), "/" + i)).toCompletableFuture());
      }
      for (CompletableFuture<OriginResponse> one : all) {
        assertThat(fixture.text(await(one))).isEqualTo("hello");
      }

      // Then
      assertThat(origin.accepted()).isEqualTo(2);
      assertThat(origins.metrics().requestsQueued()).isZero();
    }
  }

  @Test
  void aFullQueueAndALongWaitAreOverload() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              peer.awaitEnd();
            })) {
      PekkoOrigins origins = fixture.origins("pool { max-connections = 1, max-queued = 1 }");
      OriginRequest request =
          request("GET", "http", origin.authority(), "/", new OriginTimeouts(300, 2_000, 0));
      CompletableFuture<OriginResponse> first = origins.fetch(request).toCompletableFuture();
      until(() -> origin.heads().size() == 1);

      // When
      CompletableFuture<OriginResponse> waiting = origins.fetch(request).toCompletableFuture();
      OriginFailure full = failure(origins.fetch(request));
      OriginFailure late = failure(waiting);

      // Then
      assertThat(full.kind()).isEqualTo(OriginFailure.Kind.OVERLOADED);
      assertThat(late.kind()).isEqualTo(OriginFailure.Kind.OVERLOADED);
      assertThat(failure(first).kind()).isEqualTo(OriginFailure.Kind.HEAD_TIMEOUT);
      assertThat(origin.accepted()).isEqualTo(1);
    }
  }

  @Test
  void whoWaitsGetsTheConnectionThatReplacesADeadOne() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              peer.head();
              if (peer.number > 1) {
                peer.say(HELLO);
                peer.awaitEnd();
              }
            })) {
      PekkoOrigins origins = fixture.origins("pool.max-connections = 1");
      CompletableFuture<OriginResponse> first =
          origins.fetch(get(origin.authority(), "/")).toCompletableFuture();

      // When
      CompletableFuture<OriginResponse> second =
          origins.fetch(get(origin.authority(), "/")).toCompletableFuture();

      // Then
      assertThat(failure(first).kind()).isEqualTo(OriginFailure.Kind.CLOSED);
      assertThat(fixture.text(await(second))).isEqualTo("hello");
    }
  }

  @Test
  void closeAndAgeAndIdlenessEndConnections() throws Exception {
    // Given
    try (RawOrigin closing =
            RawOrigin.answering(
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        RawOrigin keeping = RawOrigin.answering(HELLO)) {
      AtomicLong passed = new AtomicLong();
      PekkoOrigins origins = fixture.origins("pool.idle-millis = 100");
      PekkoOrigins aging =
          fixture.origins(
              "pool.max-lifetime-millis = 60000",
              OriginFixture.NO_TLS,
              () -> System.nanoTime() + passed.get());

      // When
      fixture.text(await(origins.fetch(get(closing.authority(), "/"))));
      fixture.text(await(origins.fetch(get(closing.authority(), "/"))));
      fixture.text(await(origins.fetch(get(keeping.authority(), "/"))));
      fixture.text(await(aging.fetch(get(keeping.authority(), "/"))));
      passed.set(61_000_000_000L);
      fixture.text(await(aging.fetch(get(keeping.authority(), "/"))));

      // Then
      assertThat(closing.accepted()).isEqualTo(2);
      until(() -> origins.metrics().connectionsOpen() == 0);
      until(() -> aging.metrics().connectionsOpen() == 0);
      assertThat(keeping.openNow()).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void aWarmedConnectionServesTheFirstRequest() throws Exception {
    // Given
    try (RawOrigin origin = RawOrigin.answering(HELLO)) {
      PekkoOrigins origins = fixture.origins("");

      // When
      boolean warm = await(origins.warm("http", origin.authority()));
      boolean again = await(origins.warm("http", origin.authority()));
      fixture.text(await(origins.fetch(get(origin.authority(), "/"))));

      // Then
      assertThat(warm).isTrue();
      assertThat(again).isTrue();
      until(() -> origin.accepted() == 1);
      assertThat(origins.metrics().connectionsOpened()).isEqualTo(1);
    }
  }

  @Test
  void manyClientsOverFewConnectionsLoseNothing() throws Exception {
    // Given
    try (RawOrigin origin =
        RawOrigin.start(
            peer -> {
              for (int i = 0; peer.head() != null; i++) {
                boolean last = i % 7 == 6;
                peer.say(
                    "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n"
                        + (last ? "Connection: close\r\n\r\n" : "\r\n")
                        + "y".repeat(20_000));
                if (last) {
                  return;
                }
              }
            })) {
      PekkoOrigins origins = fixture.origins("pool { max-connections = 4, max-idle = 2 }");
      AtomicInteger whole = new AtomicInteger();

      // When
      List<Thread> clients = new ArrayList<>();
      for (int c = 0; c < 8; c++) {
        clients.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      for (int i = 0; i < 25; i++) {
                        try {
                          OriginRequest request = get(origin.authority(), "/");
                          OriginResponse got = await(Resend.fetch(origins, request));
                          if (await(fixture.whole(got)).size() == 20_000) {
                            whole.incrementAndGet();
                          }
                        } catch (Exception e) {
                          throw new IllegalStateException(e);
                        }
                      }
                    }));
      }
      for (Thread client : clients) {
        client.join();
      }

      // Then
      assertThat(whole).hasValue(200);
      assertThat(origins.metrics().requestsQueued()).isZero();
      until(() -> origins.metrics().connectionsOpen() <= 2);
    }
  }
}
