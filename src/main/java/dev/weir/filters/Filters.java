package dev.weir.filters;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.proxy.filter.Filter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The chain of filters, in order. Which phases each of them takes part in is found out once, here:
 * a request asks one bit where nobody does.
 */
public final class Filters implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Filters.class);
  private static final Link[] NOBODY = {};

  /** No filter. */
  public static final Filters NONE = new Filters(new LinkedHashMap<>(), FilterTerms.USUAL);

  private final Link[] all;
  private final Map<Phase, Link[]> byPhase = new EnumMap<>(Phase.class);
  private final Set<Phase> phases = EnumSet.noneOf(Phase.class);
  private final boolean upstream;
  private final FilterTerms terms;

  /** By identity, and no longer than the connection. */
  private final Cache<Object, ConcurrentMap<Integer, ConcurrentMap<String, Object>>> connections =
      Caffeine.newBuilder().weakKeys().build();

  private Filters(Map<String, Filter<?>> filters, FilterTerms terms) {
    this.terms = terms;
    List<Link> links = new ArrayList<>();
    filters.forEach((name, filter) -> links.add(new Link(links.size(), name, filter)));
    all = links.toArray(Link[]::new);
    for (Phase phase : Phase.values()) {
      Link[] those = links.stream().filter(link -> link.has(phase)).toArray(Link[]::new);
      if (those.length > 0) {
        byPhase.put(phase, those);
        phases.add(phase);
      }
    }
    upstream = phases.stream().anyMatch(Phase::isUpstream);
  }

  /**
   * A chain of these.
   *
   * @param filters by name, in the order in which they are asked
   */
  public static Filters of(Map<String, Filter<?>> filters, FilterTerms terms) {
    return filters.isEmpty() ? NONE : new Filters(filters, terms);
  }

  /** The same with one more before all others; closing either closes what they share. */
  public Filters before(String name, Filter<?> first) {
    Map<String, Filter<?>> filters = new LinkedHashMap<>();
    filters.put(name, first);
    for (Link link : all) {
      filters.put(link.name, link.filter);
    }
    return new Filters(filters, terms);
  }

  public boolean isEmpty() {
    return all.length == 0;
  }

  public FilterTerms terms() {
    return terms;
  }

  /** Whether any filter takes part in that phase. */
  public boolean has(Phase phase) {
    return phases.contains(phase);
  }

  /** Whether any filter takes part in what is done round a request upstream. */
  public boolean isUpstream() {
    return upstream;
  }

  /** The filters' names, in their order. */
  public List<String> names() {
    return Arrays.stream(all).map(link -> link.name).toList();
  }

  /** The phases a filter takes part in. */
  public Set<Phase> phases(String name) {
    return meters(name).keySet();
  }

  /** What a filter has cost, by phase. */
  public Map<Phase, PhaseMeter> meters(String name) {
    return Arrays.stream(all)
        .filter(link -> link.name.equals(name))
        .findFirst()
        .map(link -> Collections.unmodifiableMap(link.meters()))
        .orElse(Map.of());
  }

  /**
   * An exchange begins.
   *
   * @throws FilterFailure if a context cannot be made
   */
  public FilterRun begin(Incoming incoming) {
    return isEmpty() ? FilterRun.NONE : new FilterRun(this, incoming);
  }

  Link[] all() {
    return all;
  }

  Link[] links(Phase phase) {
    return byPhase.getOrDefault(phase, NOBODY);
  }

  ConcurrentMap<String, Object> kept(Object connection, Link link) {
    return connections
        .get(connection, c -> new ConcurrentHashMap<>())
        .computeIfAbsent(link.index, i -> new ConcurrentHashMap<>());
  }

  @Override
  public void close() {
    for (Link link : all) {
      try {
        link.filter.close();
      } catch (RuntimeException e) {
        LOG.warn("Filter '{}' could not be closed", link.name, e);
      }
    }
  }
}
