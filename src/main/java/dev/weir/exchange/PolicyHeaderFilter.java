package dev.weir.exchange;

import dev.weir.edge.AddressRanges;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyHeader;
import dev.weir.proxy.filter.CachePolicy;
import dev.weir.proxy.filter.Filter;
import dev.weir.proxy.filter.FilterExchange;
import java.util.List;
import java.util.Optional;

/**
 * A client's own choice of policy by {@code X-Weir-Policy}, where {@code allow-policy-header} is
 * on: a filter like any other, before all others.
 */
final class PolicyHeaderFilter implements Filter<Void> {
  static final String NAME = "policy-header";

  private final boolean everybody;
  private final AddressRanges clients;

  /**
   * @param networks whose clients may choose; empty for all
   */
  PolicyHeaderFilter(List<String> networks) {
    this.everybody = networks.isEmpty();
    this.clients = AddressRanges.of(networks);
  }

  @Override
  public CachePolicy cachePolicy(FilterExchange<Void> exchange, CachePolicy byRules) {
    Optional<Policy> chosen = PolicyHeader.requested(exchange.request().headers());
    return chosen.isPresent() && (everybody || clients.contains(exchange.client().getAddress()))
        ? byRules.named(chosen.get().label())
        : byRules;
  }
}
