package dev.weir.cli;

import dev.weir.admin.Metrics;
import dev.weir.cache.NodeCache;
import dev.weir.edge.EdgeMetrics;
import dev.weir.fill.FillMetrics;
import dev.weir.fill.FillRegistry;
import dev.weir.filters.Filters;
import dev.weir.log.ExchangeCounters;
import dev.weir.log.ProcessLog;
import dev.weir.log.ServeReason;
import dev.weir.origin.OriginFailure;
import dev.weir.origin.OriginMetrics;
import dev.weir.origin.PekkoOrigins;
import dev.weir.rules.LiveRules;
import dev.weir.store.LocalStores;
import dev.weir.store.ObjectStoreMetrics;
import dev.weir.store.elastic.ElasticMetadataStore;
import dev.weir.store.elastic.ElasticMetrics;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardViolation;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Gives the rooms' own counters their names in {@code /metrics}. */
final class NodeMetrics {
  private final Metrics registry = new Metrics();
  private final Map<String, GuardEvents> refusals = new HashMap<>();

  Metrics registry() {
    return registry;
  }

  /**
   * Counts what the framing guards of one side refuse, by reason; all listeners together, for a
   * number is registered once.
   */
  GuardEvents refusals(String side) {
    return refusals.computeIfAbsent(side, this::counted);
  }

  private GuardEvents counted(String side) {
    Map<GuardViolation.Reason, LongAdder> counters = new EnumMap<>(GuardViolation.Reason.class);
    for (GuardViolation.Reason reason : GuardViolation.Reason.values()) {
      LongAdder counter = new LongAdder();
      counters.put(reason, counter);
      registry.counter(
          "weir_guard_refusals",
          "Messages the framing guard refused",
          counter::sum,
          "side",
          side,
          "reason",
          reason.label());
    }
    return (reason, id) -> {
      LongAdder counter = counters.get(reason);
      if (counter != null) {
        counter.increment();
      }
    };
  }

  void edge(EdgeMetrics edge) {
    registry
        .gauge("weir_client_connections_open", "Client connections", edge::openConnections)
        .counter("weir_client_connections", "Client connections accepted", edge::connections)
        .counter("weir_client_refusals", "Clients and CONNECTs a rule refused", edge::refusals)
        .counter("weir_client_connects", "CONNECT requests", edge::connects)
        .counter("weir_client_tunnels", "Blind tunnels opened", edge::tunnels)
        .counter("weir_client_handshakes", "TLS handshakes done", edge::handshakes)
        .counter("weir_client_handshake_failures", "TLS handshakes failed", edge::failedHandshakes)
        .counter("weir_client_requests", "Requests", edge::requests);
  }

  void rules(LiveRules rules) {
    registry
        .counter("weir_policy_reloads", "Rule files that took the place of others", rules::reloads)
        .counter("weir_policy_refusals", "Rule files that could not be used", rules::failures)
        .counter(
            "weir_policy_expression_failures",
            "Expressions of rules that failed or cost too much",
            rules::expressionFailures)
        .gauge(
            "weir_policy_version",
            "How many versions of the rules this process has had",
            () -> rules.reloads() + 1.0)
        .gauge(
            "weir_policy_problem",
            "1 while the rule files as they are cannot be used",
            () -> rules.problem() == null ? 0 : 1)
        .gauge("weir_policy_rules", "Rules in force", () -> rules.get().rules().size());
  }

  void filters(Filters filters) {
    for (String name : filters.names()) {
      filters
          .meters(name)
          .forEach(
              (phase, meter) ->
                  registry
                      .counter(
                          "weir_filter_calls",
                          "Times a filter was asked",
                          meter::calls,
                          "filter",
                          name,
                          "phase",
                          phase.label())
                      .counter(
                          "weir_filter_millis",
                          "Time filters took to answer",
                          () -> (long) (meter.seconds() * 1000),
                          "filter",
                          name,
                          "phase",
                          phase.label())
                      .counter(
                          "weir_filter_failures",
                          "Times a filter threw or was late",
                          meter::failures,
                          "filter",
                          name,
                          "phase",
                          phase.label())
                      .counter(
                          "weir_filter_slow_calls",
                          "Times a filter held up the thread that moves bytes",
                          meter::slow,
                          "filter",
                          name,
                          "phase",
                          phase.label()));
    }
  }

  void exchanges(ExchangeCounters exchanges, ProcessLog log) {
    for (ServeReason reason : ServeReason.values()) {
      registry.counter(
          "weir_responses",
          "Responses by how they came about",
          () -> exchanges.count(reason),
          "reason",
          reason.label());
    }
    for (int first = 1; first <= 5; first++) {
      int digit = first;
      registry.counter(
          "weir_responses_by_status",
          "Responses by class of status",
          () -> exchanges.statusClass(digit),
          "class",
          digit + "xx");
    }
    registry
        .counter("weir_response_bytes", "Body bytes sent to clients", exchanges::bytesSent)
        .counter(
            "weir_response_bytes_stored", "Of these, from the cache", exchanges::bytesFromStore)
        .counter(
            "weir_responses_cut_short", "Bodies that did not reach their end", exchanges::cutShort)
        .counter(
            "weir_log_lines_dropped",
            "Log lines not written: no room, or a failed write",
            log::dropped);
  }

  void fills(FillRegistry fills) {
    FillMetrics metrics = fills.metrics();
    registry
        .gauge("weir_fills_running", "Origin responses being fetched", fills::count)
        .gauge("weir_fill_readers", "Readers of running fills", metrics::readers)
        .counter("weir_fills_started", "Fills started", metrics::started)
        .counter("weir_fills_committed", "Fills stored", metrics::committed)
        .counter("weir_fills_unstored", "Fills whole but not stored", metrics::unstored)
        .counter("weir_fills_broken", "Fills that failed", metrics::broken)
        .counter("weir_fills_abandoned", "Fills nobody wanted any more", metrics::abandoned)
        .counter("weir_fills_resumed", "Fills resumed by a range", metrics::resumed)
        .counter("weir_fills_followed", "Other nodes' fills read along here", metrics::followed)
        .counter("weir_fills_taken_over", "Lost leaders' fills led on here", metrics::takenOver)
        .counter("weir_fills_handed_over", "Fills led on elsewhere", metrics::handedOver)
        .counter("weir_fills_disk_full", "Fills the disk had no room for", metrics::diskFull)
        .counter("weir_fill_parts", "Parts of bodies fetched by themselves", metrics::parts)
        .counter("weir_fill_parts_failed", "Requests for parts in vain", metrics::partsFailed)
        .counter("weir_fill_streams_cut", "Streams that parts took over", metrics::streamsCut)
        .counter("weir_fill_peer_bytes", "Body bytes read along", metrics::peerBytes)
        .counter("weir_fill_origin_bytes", "Body bytes fetched", metrics::originBytes);
  }

  void cache(NodeCache cache) {
    var metrics = cache.metrics();
    registry
        .gauge("weir_near_keys", "Keys with a lease on this node", cache::nearKeys)
        .gauge(
            "weir_keepers_attached", "1 while keepers are asked", () -> cache.isAttached() ? 1 : 0)
        .counter("weir_near_hits", "Requests answered by the near table", metrics::nearHits)
        .counter("weir_keeper_questions", "Questions sent to keepers", metrics::questions)
        .counter("weir_keeper_alone", "Requests decided without a keeper", metrics::alone)
        .counter("weir_keeper_late_answers", "Answers after their budget", metrics::lateAnswers)
        .counter("weir_keeper_commits", "Entries committed", metrics::commits)
        .counter("weir_keeper_discarded", "Commits discarded", metrics::discardedCommits)
        .counter("weir_keeper_invalidations", "Keys invalidated", metrics::invalidations)
        .counter("weir_keeper_store_failures", "Failed metadata calls", metrics::storeFailures);
  }

  void stores(LocalStores stores) {
    registry
        .gauge("weir_disk_used_bytes", "Bytes of entries on disk", stores.retention()::usedBytes)
        .gauge("weir_disk_limit_bytes", "disk-cache-size", stores.retention()::limitBytes)
        .gauge("weir_entries", "Entries stored", stores.retention()::entries)
        .counter(
            "weir_chunks_repaired",
            "Missing or damaged chunks fetched again from their origin",
            stores.bodies()::restoredChunks)
        .counter(
            "weir_chunk_repairs_failed",
            "Chunks whose bytes from the origin were others",
            stores.bodies()::notRestoredChunks)
        .gauge(
            "weir_in_flight_bytes",
            "Body bytes read for clients and not sent yet",
            stores.bodies().inFlight()::usedBytes)
        .gauge(
            "weir_in_flight_limit_bytes",
            "Above it readers get small slices",
            stores.bodies().inFlight()::limitBytes)
        .gauge("weir_memory_cache_bytes", "Small bodies in memory", stores.bodies()::memoryBytes)
        .counter("weir_evictions", "Entries evicted", stores.retention()::evictedEntries);
    scrub(stores.scrubbed());
    stores.tier().ifPresent(this::tier);
  }

  private void scrub(LocalStores.ScrubMetrics scrubbed) {
    registry
        .counter("weir_scrubbed_bytes", "Bytes of chunks on disk read again", scrubbed.bytes())
        .counter("weir_scrub_passes", "Times all of them were read", scrubbed.passes())
        .counter(
            "weir_scrub_damaged_chunks",
            "Damaged chunks that were found by it and removed",
            scrubbed.damagedChunks());
  }

  private void tier(LocalStores.TierMetrics tier) {
    ObjectStoreMetrics objects = tier.objects();
    registry
        .gauge("weir_pending_bytes", "Bytes not in S3 yet", () -> tier.pendingBytes().getAsLong())
        .gauge(
            "weir_pending_entries",
            "Entries not in S3 yet",
            () -> tier.pendingEntries().getAsLong())
        .counter("weir_s3_chunks_fetched", "Chunks fetched", tier.fetchedChunks())
        .counter("weir_s3_chunks_damaged", "Damaged chunks met", tier.damagedChunks())
        .counter(
            "weir_s3_put_backs_forgotten",
            "Mended chunks not put back because too many waited",
            tier.forgottenPutBacks())
        .counter("weir_s3_chunks_absent", "Chunks that were not there", objects.absent::sum)
        .counter("weir_s3_puts", "Chunks put", objects.puts::sum)
        .counter("weir_s3_puts_skipped", "Chunks that were there", objects.putsSkipped::sum)
        .counter("weir_s3_bytes_written", "Bytes put", objects.bytesWritten::sum)
        .counter("weir_s3_bytes_read", "Bytes fetched", objects.bytesRead::sum)
        .counter("weir_s3_failures", "Failed calls", objects.failures::sum);
  }

  void care(CareDesk care) {
    registry
        .counter("weir_collection_passes", "Passes of collection and checks", care::passes)
        .counter("weir_collection_failures", "Of these, stopped or refused", care::failedPasses)
        .counter("weir_collected_chunks", "Chunks deleted by collection", care::freedChunks)
        .counter("weir_collected_bytes", "Their bytes", care::freedBytes);
  }

  void elastic(ElasticMetadataStore store) {
    ElasticMetrics elastic = store.metrics();
    registry
        .gauge("weir_elastic_pending_uses", "Last uses to be written", store::pendingUses)
        .counter("weir_elastic_lookups", "Documents asked for", elastic::lookups)
        .counter("weir_elastic_lookup_requests", "Requests for them", elastic::lookupRequests)
        .counter("weir_elastic_failed_lookups", "Reads that failed", elastic::failedLookups)
        .counter("weir_elastic_writes", "Documents to be written", elastic::writes)
        .counter("weir_elastic_write_requests", "Requests for them", elastic::writeRequests)
        .counter("weir_elastic_failed_writes", "Writes that failed", elastic::failedWrites)
        .counter("weir_elastic_conflicts", "Writes that met another version", elastic::conflicts)
        .counter("weir_elastic_retries", "Requests made again", elastic::retries)
        .counter("weir_elastic_uses_written", "Last uses written", elastic::usesWritten);
  }

  void origins(PekkoOrigins origins) {
    OriginMetrics metrics = origins.metrics();
    registry
        .gauge("weir_origin_connections_open", "Origin connections", metrics::connectionsOpen)
        .gauge("weir_origin_connections_idle", "Of these, idle", metrics::connectionsIdle)
        .gauge("weir_origin_requests_queued", "Waiting for a connection", metrics::requestsQueued)
        .counter("weir_origin_requests", "Requests to origins", metrics::requests)
        .counter("weir_origin_body_bytes", "Body bytes from origins", metrics::bodyBytes);
    for (OriginFailure.Kind kind : OriginFailure.Kind.values()) {
      registry.counter(
          "weir_origin_failures",
          "Failed requests to origins",
          () -> metrics.failures(kind),
          "kind",
          kind.label());
    }
  }

  static String clients(EdgeMetrics edge) {
    return "open %d, accepted %d, CONNECTs %d, blind tunnels %d, requests %d%n"
        .formatted(
            edge.openConnections(),
            edge.connections(),
            edge.connects(),
            edge.tunnels(),
            edge.requests());
  }

  static String origins(OriginMetrics origins) {
    return "open %d, idle %d, waiting requests %d, tunnels %d%n"
        .formatted(
            origins.connectionsOpen(),
            origins.connectionsIdle(),
            origins.requestsQueued(),
            origins.tunnelsOpen());
  }
}
