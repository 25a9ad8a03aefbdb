package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.log.LogText;
import java.io.PrintWriter;

/** The fleet, written for people. */
final class FleetText {
  private final PrintWriter out;

  FleetText(PrintWriter out) {
    this.out = out;
  }

  void show(JsonNode page) {
    out.printf(
        "node %s: keepers %s, %d fills running, %d keys leased, rules %s%n",
        text(page.path("node")),
        page.path("keepersAnswer").asBoolean() ? "answer" : "do not answer",
        page.path("runningFills").asInt(),
        page.path("leasedKeys").asLong(),
        text(page.path("rules")));
    if (page.path("members").isEmpty()) {
      out.println("No fabric runs here now: this node serves alone.");
      return;
    }
    out.printf(
        "%-28s %-8s %-9s %6s %5s %7s %7s %10s %22s %10s  %s%n",
        "member",
        "status",
        "reachable",
        "shards",
        "leads",
        "follows",
        "leased",
        "memory",
        "disk",
        "pending",
        "rules");
    page.path("members").forEach(this::member);
    page.path("members").forEach(this::fills);
  }

  private void member(JsonNode member) {
    out.printf(
        "%-28s %-8s %-9s %6s ",
        text(member.path("address")),
        text(member.path("status")),
        member.path("reachable").asBoolean() ? "yes" : "no",
        member.path("shards").asText("?"));
    JsonNode state = member.path("state");
    if (state.isMissingNode()) {
      out.print("has not answered");
    } else {
      JsonNode tiers = state.path("tiers");
      out.printf(
          "%5d %7d %7d %10s %22s %10s  %s",
          state.path("leads").asInt(),
          state.path("follows").asInt(),
          state.path("leasedKeys").asLong(),
          CacheText.size(tiers.path("memoryBytes").asLong()),
          CacheText.size(tiers.path("diskBytes").asLong())
              + " of "
              + CacheText.size(tiers.path("diskLimitBytes").asLong()),
          CacheText.size(tiers.path("pendingBytes").asLong()),
          text(state.path("rules")));
    }
    out.printf(
        "%s%s%n",
        member.path("oldest").asBoolean() ? "  oldest" : "",
        member.path("self").asBoolean() ? "  (this node)" : "");
  }

  private void fills(JsonNode member) {
    JsonNode state = member.path("state");
    JsonNode shown = state.path("fills");
    for (JsonNode fill : shown) {
      long length = fill.path("length").asLong();
      out.printf(
          "%-28s %-7s %10s of %-10s %6d s  %s%n",
          text(member.path("address")),
          fill.path("leads").asBoolean() ? "leads" : "follows",
          CacheText.size(fill.path("bytes").asLong()),
          length < 0 ? "?" : CacheText.size(length),
          fill.path("millis").asLong() / 1000,
          text(fill.path("url")));
    }
    int more = state.path("leads").asInt() + state.path("follows").asInt() - shown.size();
    if (more > 0) {
      out.printf("%-28s and %d more%n", text(member.path("address")), more);
    }
  }

  private static String text(JsonNode value) {
    return LogText.escaped(value.asText(""));
  }
}
