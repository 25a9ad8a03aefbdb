package dev.weir.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.filters.FilterTerms;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyStep;
import dev.weir.proxy.filter.BodyUse;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.testing.Answer;
import dev.weir.testing.Eventually;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Bodies on their way through several filters, over real connections. */
@Timeout(120)
class FilterBodiesTest {
  @RegisterExtension private final FilterRigs rigs = new FilterRigs(FilterTerms.USUAL);

  private static Filter<Void> filtering(BodyUse use, Supplier<BodyFilter> bodies) {
    return new Filter<>() {
      @Override
      public BodyUse bodies(FilterExchange<Void> exchange) {
        return use;
      }

      @Override
      public Optional<BodyFilter> responseBody(
          FilterExchange<Void> exchange, ResponseHead response) {
        return Optional.of(bodies.get());
      }
    };
  }

  /** Puts marks round each piece, and one at the end. */
  private static BodyFilter marking(String mark) {
    return new BodyFilter() {
      @Override
      public BodyStep piece(ByteBuffer piece) {
        String text = StandardCharsets.UTF_8.decode(piece).toString();
        return BodyStep.of((mark + text + mark).getBytes(StandardCharsets.UTF_8));
      }

      @Override
      public BodyStep end(Headers trailers) {
        return BodyStep.of(("end-" + mark).getBytes(StandardCharsets.UTF_8));
      }
    };
  }

  @Test
  void whatOneAddsAtTheEndPassesThoseBehindIt() throws Exception {
    // Given
    Rig rig =
        rigs.of(
            filtering(BodyUse.CHANGE, () -> marking("a")),
            filtering(BodyUse.CHANGE, () -> marking("b")));

    // When
    String text = rig.client("GET", "/page").get(30, TimeUnit.SECONDS).text();

    // Then
    assertThat(text).isEqualTo("basome textab" + "bend-ab" + "end-b");
  }

  @Test
  void whoWatchesChangesNothingAndRangesAreServed() throws Exception {
    // Given
    AtomicInteger closed = new AtomicInteger();
    Rig rig =
        rigs.of(
            filtering(
                BodyUse.WATCH,
                () ->
                    new BodyFilter() {
                      @Override
                      public BodyStep piece(ByteBuffer piece) {
                        return BodyStep.delayed(ByteBuffer.allocate(3), Duration.ofMillis(20));
                      }

                      @Override
                      public void closed() {
                        closed.incrementAndGet();
                      }
                    }));

    // When
    var whole = rig.client("GET", "/page").get(30, TimeUnit.SECONDS);
    Eventually.holds(rig::nothingRuns);
    var part = rig.client("GET", "/page", "Range", "bytes=5-8").get(30, TimeUnit.SECONDS);

    // Then
    assertThat(whole.text()).isEqualTo("some text");
    assertThat(whole.header("Content-Length")).isEqualTo("9");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.text()).isEqualTo("text");
    Eventually.holds(() -> closed.get() == 2);
  }

  @Test
  void aBodyWhoseFilterThrowsNeverLooksWhole() throws Exception {
    // Given
    AtomicInteger pieces = new AtomicInteger();
    Rig rig =
        rigs.of(
            filtering(
                BodyUse.CHANGE,
                () ->
                    new BodyFilter() {
                      @Override
                      public BodyStep piece(ByteBuffer piece) {
                        if (pieces.incrementAndGet() > 1) {
                          throw new IllegalStateException("broken");
                        }
                        return BodyStep.of(piece);
                      }
                    }));
    rig.origin.on(
        "/long",
        seen ->
            Answer.chunked(
                200,
                Headers.of("Cache-Control", "max-age=60"),
                out -> {
                  for (int i = 0; i < 8; i++) {
                    out.write(new byte[300_000], 0, 300_000);
                  }
                }));

    // When
    var cut = rig.client("GET", "/long");

    // Then
    assertThatThrownBy(() -> cut.get(30, TimeUnit.SECONDS)).isNotNull();
    Eventually.holds(rig::nothingRuns);
  }

  @Test
  void aBodyIsNotFilteredForHead() throws Exception {
    // Given
    Rig rig = rigs.of(filtering(BodyUse.CHANGE, () -> marking("a")));
    rig.get("/page");
    Eventually.holds(rig::nothingRuns);

    // When
    Rig.Got head = rig.send("HEAD", "/page");

    // Then
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().has("Content-Length")).isFalse();
  }
}
