package dev.weir.filters;

import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How filters are asked: in order, each timed, none of them trusted to return. What a failure does
 * is the phase's matter: {@link Phase#onFailure}.
 */
final class Asking {
  /** A question whose answer is new. */
  @FunctionalInterface
  interface Ask<T> {
    T ask(Filter<Object> filter, FilterExchange<Object> view);
  }

  /** A question that hands on what filters before have said. */
  @FunctionalInterface
  interface AskOn<T> {
    T ask(Filter<Object> filter, FilterExchange<Object> view, T value);
  }

  @FunctionalInterface
  interface AskOnLater<T> {
    CompletionStage<T> ask(Filter<Object> filter, FilterExchange<Object> view, T value);
  }

  @FunctionalInterface
  interface Tell {
    void tell(Filter<Object> filter, FilterExchange<Object> view);
  }

  @FunctionalInterface
  interface TellLink {
    void tell(Link link, Filter<Object> filter, FilterExchange<Object> view);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Filters.class);

  private final Filters chain;
  private final FilterView[] views;

  Asking(Filters chain, FilterView[] views) {
    this.chain = chain;
    this.views = views;
  }

  /** One filter by itself. */
  <T extends @Nullable Object> T alone(Link link, Phase phase, Supplier<T> question) {
    long began = System.nanoTime();
    try {
      return question.get();
    } catch (RuntimeException | LinkageError e) {
      throw failed(link, phase, e);
    } finally {
      took(link, phase, began);
    }
  }

  /** Each filter gets what the one before has made. */
  <T> T through(Phase phase, T start, AskOn<T> ask) {
    T value = start;
    for (Link link : chain.links(phase)) {
      T before = value;
      try {
        value =
            alone(
                link,
                phase,
                () -> Objects.requireNonNull(ask.ask(link.filter, views[link.index], before)));
      } catch (FilterFailure failed) {
        skipOrThrow(failed);
      }
    }
    return value;
  }

  /** Until one has decided; the last answer counts. */
  <T> T first(Phase phase, T neutral, Ask<T> ask, Predicate<T> decided) {
    T value = neutral;
    for (Link link : chain.links(phase)) {
      try {
        value =
            alone(
                link, phase, () -> Objects.requireNonNull(ask.ask(link.filter, views[link.index])));
      } catch (FilterFailure failed) {
        skipOrThrow(failed);
      }
      if (decided.test(value)) {
        return value;
      }
    }
    return value;
  }

  void tell(Phase phase, Tell tell) {
    each(phase, (link, filter, view) -> tell.tell(filter, view));
  }

  void each(Phase phase, TellLink tell) {
    for (Link link : chain.links(phase)) {
      try {
        alone(
            link,
            phase,
            () -> {
              tell.tell(link, link.filter, views[link.index]);
              return link;
            });
      } catch (FilterFailure failed) {
        skipOrThrow(failed);
      }
    }
  }

  <T> CompletionStage<T> throughLater(Phase phase, T start, AskOnLater<T> ask) {
    return later(phase, 0, start, ask, value -> value, value -> false);
  }

  /**
   * Until one has decided.
   *
   * @param taken what is to be done with each answer before the next filter is asked
   */
  <T> CompletionStage<T> firstLater(
      Phase phase,
      T neutral,
      Ask<CompletionStage<T>> ask,
      UnaryOperator<T> taken,
      Predicate<T> decided) {
    return later(
        phase, 0, neutral, (filter, view, ignored) -> ask.ask(filter, view), taken, decided);
  }

  private <T> CompletionStage<T> later(
      Phase phase,
      int from,
      T start,
      AskOnLater<T> ask,
      UnaryOperator<T> taken,
      Predicate<T> decided) {
    Link[] links = chain.links(phase);
    T value = start;
    for (int i = from; i < links.length; i++) {
      int next = i + 1;
      T before = value;
      CompletableFuture<T> answer = asked(links[i], phase, before, ask, taken);
      if (answer.state() != Future.State.SUCCESS) {
        return answer.thenCompose(
            said ->
                decided.test(said)
                    ? CompletableFuture.completedFuture(said)
                    : later(phase, next, said, ask, taken, decided));
      }
      value = answer.resultNow();
      if (decided.test(value)) {
        break;
      }
    }
    return CompletableFuture.completedFuture(value);
  }

  /** One filter's answer; fails with FilterFailure, or is what was before where it is skipped. */
  private <T> CompletableFuture<T> asked(
      Link link, Phase phase, T before, AskOnLater<T> ask, UnaryOperator<T> taken) {
    long began = System.nanoTime();
    CompletableFuture<T> coming;
    try {
      coming =
          Objects.requireNonNull(ask.ask(link.filter, views[link.index], before))
              .toCompletableFuture();
    } catch (RuntimeException | LinkageError e) {
      coming = CompletableFuture.failedFuture(e);
    }
    if (!coming.isDone()) {
      coming = coming.copy().orTimeout(chain.terms().phaseTimeoutMillis(), TimeUnit.MILLISECONDS);
    }
    return coming.handle(
        (said, failure) -> {
          link.meter(phase).took(System.nanoTime() - began);
          try {
            if (failure != null) {
              throw failed(link, phase, failure);
            }
            return taken.apply(Objects.requireNonNull(said));
          } catch (FilterFailure failed) {
            skipOrThrow(failed);
            return before;
          } catch (RuntimeException e) {
            skipOrThrow(failed(link, phase, e));
            return before;
          }
        });
  }

  private static void skipOrThrow(FilterFailure failed) {
    if (failed.phase().onFailure() != Phase.OnFailure.SKIP) {
      throw failed;
    }
  }

  private void took(Link link, Phase phase, long began) {
    long elapsed = System.nanoTime() - began;
    PhaseMeter meter = link.meter(phase);
    meter.took(elapsed);
    long slow = TimeUnit.MILLISECONDS.toNanos(chain.terms().slowMillis());
    if (elapsed > slow && meter.wasSlow()) {
      LOG.warn(
          "Filter '{}' took {} ms in {}, where bytes are moved: it must not block there. Further"
              + " times are only counted.",
          link.name,
          TimeUnit.NANOSECONDS.toMillis(elapsed),
          phase.label());
    }
  }

  /** Counts and logs it; with its trace the first time only. */
  static FilterFailure failed(Link link, Phase phase, Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (cause instanceof FilterFailure known) {
      return known;
    }
    boolean late = cause instanceof TimeoutException;
    if (link.meter(phase).failed(late)) {
      LOG.warn("Filter '{}' failed in {}; once with its trace", link.name, phase.label(), cause);
    } else {
      LOG.warn("Filter '{}' failed in {}: {}", link.name, phase.label(), cause.toString());
    }
    return new FilterFailure(link.name, phase, cause);
  }
}
