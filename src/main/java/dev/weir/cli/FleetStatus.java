package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.cache.NodeCache;
import dev.weir.cluster.FabricSystem;
import dev.weir.cluster.FleetSettings;
import dev.weir.cluster.NodeState;
import dev.weir.fill.FillView;
import dev.weir.inspect.PlainUrl;
import dev.weir.rules.LiveRules;
import dev.weir.store.LocalStores;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The fleet as any of its nodes can show it: members as the fabric knows them, and what each says.
 */
final class FleetStatus {
  /** Made at the first page: it takes a part of a start. */
  private static final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();
  }

  private final NodeCache cache;
  private final FabricSystem fabric;
  private final FleetParts fleet;
  private final LocalStores stores;
  private final LiveRules rules;

  FleetStatus(
      NodeCache cache, FabricSystem fabric, FleetParts fleet, LocalStores stores, LiveRules rules) {
    this.cache = cache;
    this.fabric = fabric;
    this.fleet = fleet;
    this.stores = stores;
    this.rules = rules;
  }

  /** What this node says of itself. */
  NodeState own() {
    FleetSettings settings = fleet.settings();
    List<FillView> fills = cache.fills().views();
    int leads = (int) fills.stream().filter(FillView::leads).count();
    return new NodeState(
        fleet.node().text(),
        fabric.members().stream()
            .filter(FabricSystem.MemberState::self)
            .map(FabricSystem.MemberState::address)
            .findFirst()
            .orElse(""),
        Main.version(),
        rules.version(),
        cache.isAttached(),
        cache.nearKeys(),
        leads,
        fills.size() - leads,
        fills.stream().limit(settings.status().maxFills()).map(FleetStatus::told).toList(),
        new NodeState.Tiers(
            stores.bodies().memoryBytes(),
            stores.retention().usedBytes(),
            stores.retention().limitBytes(),
            stores.tier().map(tier -> tier.pendingBytes().getAsLong()).orElse(0L)));
  }

  private static NodeState.RunningFill told(FillView fill) {
    return new NodeState.RunningFill(
        PlainUrl.of(fill.url()),
        fill.leads(),
        fill.bytes(),
        fill.length().orElse(-1),
        fill.millis());
  }

  /** A JSON object. Never fails: a node that does not answer is shown without its part. */
  CompletionStage<String> page() {
    List<CompletableFuture<@Nullable NodeState>> others =
        cache.peers().stream()
            .map(
                peer ->
                    fleet
                        .state(peer)
                        .<@Nullable NodeState>handle((told, none) -> told)
                        .toCompletableFuture())
            .toList();
    return CompletableFuture.allOf(others.toArray(CompletableFuture[]::new))
        .thenCombine(cache.shards(), (all, shards) -> page(others, shards));
  }

  private String page(
      List<CompletableFuture<@Nullable NodeState>> others, Map<String, Integer> shards) {
    NodeState own = own();
    Map<String, NodeState> byAddress = new HashMap<>();
    for (CompletableFuture<@Nullable NodeState> other : others) {
      NodeState told = other.join();
      if (told != null) {
        byAddress.put(told.address(), told);
      }
    }
    ObjectNode page = Json.MAPPER.createObjectNode();
    page.put("node", own.node());
    page.put("keepersAnswer", own.keepersAnswer());
    page.put("rules", own.rules());
    page.put("runningFills", own.leads() + own.follows());
    page.put("leasedKeys", own.leasedKeys());
    ArrayNode members = page.putArray("members");
    for (FabricSystem.MemberState member : fabric.members()) {
      ObjectNode one = members.addObject();
      one.put("address", member.address());
      one.put("status", member.status());
      one.put("reachable", member.reachable());
      one.put("oldest", member.oldest());
      one.put("self", member.self());
      if (!shards.isEmpty()) { // else unknown: some node did not answer
        one.put("shards", shards.getOrDefault(member.address(), 0));
      }
      NodeState told = member.self() ? own : byAddress.get(member.address());
      if (told != null) {
        one.set("state", Json.MAPPER.valueToTree(told));
      }
    }
    try {
      return Json.MAPPER.writeValueAsString(page);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page cannot be written", e);
    }
  }
}
