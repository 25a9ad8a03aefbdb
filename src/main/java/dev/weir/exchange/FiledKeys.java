package dev.weir.exchange;

import dev.weir.entry.PrimaryKey;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.FilterRun;
import dev.weir.filters.Filters;
import dev.weir.filters.Incoming;
import dev.weir.filters.Phase;
import dev.weir.http.RequestHead;
import dev.weir.policy.Caller;
import dev.weir.policy.Entrance;
import dev.weir.policy.PolicyTable;
import dev.weir.proxy.filter.ExchangeSummary;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Where exchanges file what requests ask for, by rules and by filters, for people who ask about a
 * URL. Nothing is looked up and nobody is asked but the filters, which meet such a request as any
 * other up to its key, and its end. Any thread; never blocks, but for what filters do.
 */
public final class FiledKeys {
  /** How an exchange ends, to filters, that was nothing but a question for its key. */
  private static final ExchangeSummary ASKED = new ExchangeSummary(0, "key-asked", "", 0, 0, true);

  private final Routes routes;
  private final Filters filters;
  private final ExchangeSettings settings;

  /**
   * @param rules as they are now
   * @param filters the chain; the caller closes it
   */
  public FiledKeys(Supplier<PolicyTable> rules, Filters filters, ExchangeSettings settings) {
    this.routes = new Routes(rules, UnaryOperator.identity(), settings);
    this.filters = filters;
    this.settings = settings;
  }

  /**
   * A key, and the URL that it is made of.
   *
   * @param byFilters whether it is another one than rules alone would have it
   */
  public record Filed(PrimaryKey key, String url, boolean byFilters) {}

  /**
   * The key of a request that comes by that entrance. Where a filter answers such a request, those
   * after it are not asked before the key is; where one fails, the key is that of the rules. Never
   * fails.
   */
  public CompletionStage<Filed> of(RequestHead request, Caller caller, Entrance entrance) {
    Route byRules = routes.of(request, caller, entrance);
    Filed usual = new Filed(byRules.key(), byRules.keyUrl(), false);
    if (!filters.has(Phase.KEY)
        && !filters.has(Phase.REQUEST)
        && !filters.has(Phase.EARLY_REQUEST)) {
      return CompletableFuture.completedFuture(usual);
    }
    FilterRun run;
    try {
      run = filters.begin(incoming(request, caller));
    } catch (FilterFailure failed) {
      return CompletableFuture.completedFuture(usual);
    }
    return requested(run)
        .thenApply(done -> filtered(run, usual, caller, entrance))
        .exceptionally(failed -> usual)
        .whenComplete((filed, failed) -> run.logging(ASKED));
  }

  private static CompletionStage<FilterRun> requested(FilterRun run) {
    try {
      var _ = run.earlyRequest();
    } catch (FilterFailure failed) {
      return CompletableFuture.failedFuture(failed);
    }
    return run.onRequest().thenApply(decided -> run);
  }

  private Filed filtered(FilterRun run, Filed usual, Caller caller, Entrance entrance) {
    RequestHead request = run.requestHead();
    Route route =
        FilteredRoutes.route(
            run, routes.of(request, caller, entrance), request, entrance.realm(), settings);
    return new Filed(route.key(), route.keyUrl(), !route.key().equals(usual.key()));
  }

  private static Incoming incoming(RequestHead request, Caller caller) {
    InetAddress here = InetAddress.getLoopbackAddress();
    InetAddress from = caller.address() == null ? here : caller.address();
    return new Incoming(
        "key",
        request,
        new InetSocketAddress(from, 0),
        new InetSocketAddress(here, caller.listenerPort()),
        new Object(),
        false);
  }
}
