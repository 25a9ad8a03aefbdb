package com.example.weir;

import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.proxy.filter.BodyFilter;
import dev.weir.proxy.filter.BodyStep;
import dev.weir.proxy.filter.BodyUse;
import dev.weir.proxy.filter.ExchangeSummary;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import dev.weir.proxy.filter.FilterKey;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.proxy.filter.RequestDecision;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Lets in who names a tenant, keeps what tenants have cached apart, and closes text pages with a
 * banner.
 */
final class TenantsFilter implements Filter<TenantsFilter.State> {
  /** What is kept per exchange. */
  static final class State {
    private volatile String tenant = "";
  }

  private static final String FIELD = "X-Tenant";

  private final List<String> tenants;
  private final String banner;
  private final Map<String, LongAdder> bytes = new ConcurrentHashMap<>();

  TenantsFilter(List<String> tenants, String banner) {
    this.tenants = tenants;
    this.banner = banner;
  }

  @Override
  public State newContext() {
    return new State();
  }

  /** The origin need not know: the field goes, the tenant stays in the context. */
  @Override
  public CompletionStage<RequestDecision> request(FilterExchange<State> exchange) {
    RequestHead request = exchange.request();
    String tenant = request.headers().first(FIELD);
    if (tenant == null || !tenants.contains(tenant)) {
      return CompletableFuture.completedFuture(
          new RequestDecision.Answer(FilterResponse.text(403, "Which tenant?\n")));
    }
    exchange.context().tenant = tenant;
    return CompletableFuture.completedFuture(
        new RequestDecision.ProceedWith(request.withHeaders(request.headers().without(FIELD))));
  }

  @Override
  public FilterKey key(FilterExchange<State> exchange, FilterKey byRules) {
    return byRules.withRealm("tenant " + exchange.context().tenant);
  }

  /** Known by the path alone, so that downloads keep their ranges. */
  @Override
  public BodyUse bodies(FilterExchange<State> exchange) {
    boolean page = exchange.request().target().endsWith(".txt");
    return page && !banner.isEmpty() ? BodyUse.CHANGE : BodyUse.NONE;
  }

  @Override
  public Optional<BodyFilter> responseBody(FilterExchange<State> exchange, ResponseHead response) {
    return response.status() == 200 ? Optional.of(new Banner()) : Optional.empty();
  }

  @Override
  public ResponseHead response(FilterExchange<State> exchange, ResponseHead response) {
    String tenant = exchange.context().tenant;
    return tenant.isEmpty()
        ? response
        : response.withHeaders(response.headers().with("X-Served-For", tenant));
  }

  @Override
  public void logging(FilterExchange<State> exchange, ExchangeSummary summary) {
    bytes.computeIfAbsent(exchange.context().tenant, name -> new LongAdder()).add(summary.bytes());
  }

  /** Passes a body on and adds a line. */
  private final class Banner implements BodyFilter {
    @Override
    public BodyStep piece(ByteBuffer piece) {
      return BodyStep.of(piece);
    }

    @Override
    public BodyStep end(Headers trailers) {
      return BodyStep.of((banner + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }
}
