package dev.weir.filters;

import dev.weir.http.Headers;
import dev.weir.proxy.filter.BodyFilter;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.util.ByteString;

/** What filters do to one body, in their order. For one body. */
public final class BodyFilters {
  /**
   * One filter's part.
   *
   * @param changes whether what it makes of the bytes counts
   */
  record One(Link link, BodyFilter filter, boolean changes) {}

  private final Phase phase;
  private final List<One> filters;
  private final FilterTerms terms;
  private final boolean changesBytes;
  private final CompletableFuture<Headers> trailers = new CompletableFuture<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean begun;

  BodyFilters(Phase phase, List<One> filters, FilterTerms terms) {
    this.phase = phase;
    this.filters = List.copyOf(filters);
    this.terms = terms;
    this.changesBytes = filters.stream().anyMatch(One::changes);
  }

  /** Whether other bytes may come out than go in. */
  public boolean changesBytes() {
    return changesBytes;
  }

  /**
   * The body's way through the filters.
   *
   * @param section the trailers that came behind it, known when it has ended
   */
  public Flow<ByteString, ByteString, NotUsed> flow(Supplier<Headers> section) {
    return Flow.fromGraph(new BodyFilterStage(this, section));
  }

  /** What filters have made of the trailers; empty until the body has ended. */
  public Headers trailers() {
    return trailers.getNow(Headers.EMPTY);
  }

  /** The same, once it has ended; empty if it broke. */
  public CompletionStage<Headers> trailersLater() {
    return trailers;
  }

  /** Whoever was to read it does not, or has done so: filters that were not begun are over. */
  public void closeUnread() {
    if (!begun) {
      close();
    }
  }

  void begin() {
    begun = true;
  }

  void close() {
    if (closed.compareAndSet(false, true)) {
      trailers.complete(Headers.EMPTY); // unless it has ended
      for (One one : filters) {
        try {
          one.filter().closed();
        } catch (RuntimeException e) {
          var _ = Asking.failed(one.link(), phase, e);
        }
      }
    }
  }

  List<One> filters() {
    return filters;
  }

  Phase phase() {
    return phase;
  }

  FilterTerms terms() {
    return terms;
  }

  void endWith(Headers section) {
    trailers.complete(section);
  }
}
