package dev.weir.cli;

import dev.weir.admin.Readiness;
import dev.weir.filters.FilterBook;
import dev.weir.filters.PluginException;
import dev.weir.log.ExchangeLog;
import dev.weir.origin.OwnListeners;
import dev.weir.rules.LiveRules;
import dev.weir.rules.RuleFileException;

/**
 * What every part of a node is given: what it reads, and what it tells of itself. Made before
 * anything is opened.
 *
 * @param closings what a stop has to close, told by whoever opens it
 * @param drain how long running responses have still got
 * @param own the ports of this node, where no client may go through it
 * @param log of the exchanges
 */
record NodeBase(
    NodeSettings settings,
    LiveRules rules,
    FilterBook filters,
    Closings closings,
    DrainTime drain,
    NodeMetrics metrics,
    Readiness readiness,
    OwnListeners own,
    ExchangeLog log) {

  static NodeBase of(NodeSettings settings) {
    NodeMetrics metrics = new NodeMetrics();
    LiveRules rules = rules(settings.flags());
    metrics.rules(rules);
    FilterBook filters = filters(settings.flags());
    metrics.filters(filters.filters());
    Closings closings = new Closings(settings.rooms().getDuration("node.close-timeout"));
    closings.add("filters", filters::close);
    return new NodeBase(
        settings,
        rules,
        filters,
        closings,
        new DrainTime(settings.rooms().getDuration("node.drain-timeout")),
        metrics,
        new Readiness(settings.admin(), System::nanoTime),
        new OwnListeners(settings.origin().egress().ownAddressesMillis()),
        new ExchangeLog());
  }

  static LiveRules rules(ServeSettings flags) {
    try {
      return new LiveRules(flags.policyFiles(), flags.defaultPolicy(), NodeSettings.rules(flags));
    } catch (RuleFileException bad) {
      throw new SettingsException("--policy-file: " + bad.getMessage());
    }
  }

  /** A filter that cannot be had stops the start. */
  static FilterBook filters(ServeSettings flags) {
    try {
      return FilterBook.open(flags.plugins(), flags.config().getConfig("weir.filters"));
    } catch (PluginException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
  }
}
