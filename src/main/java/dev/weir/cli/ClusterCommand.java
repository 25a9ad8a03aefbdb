package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.tls.FleetFolder;
import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir cluster}: what the nodes of a fleet need of each other. */
final class ClusterCommand {
  private ClusterCommand() {}

  static CommandSpec spec() {
    CommandSpec cluster = CommandSpec.create().name("cluster");
    cluster.usageMessage().description("A fleet of nodes.");
    cluster.addOption(Main.help());
    Command init = ClusterCommand::init;
    CommandSpec initSpec = CommandSpec.wrapWithoutInspection(init).name("init");
    initSpec
        .usageMessage()
        .description(
            "Make the interception CA, the peer CA, a certificate per node and a secret in DIR,"
                + " one folder per node: give each node its own as --cluster-dir. Run again, it"
                + " adds the nodes that are missing.");
    initSpec.addOption(Main.help());
    initSpec.addOption(
        OptionSpec.builder("--nodes")
            .type(String.class)
            .paramLabel("NAMES")
            .defaultValue("node-1,node-2,node-3")
            .description("Names of nodes, by commas (node-1,node-2,node-3).")
            .build());
    initSpec.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .arity("1")
            .type(String.class)
            .paramLabel("DIR")
            .description("The folder to make; keep DIR/authority apart from the nodes.")
            .build());
    cluster.addSubcommand("init", initSpec);
    Command status = ClusterCommand::status;
    CommandSpec statusSpec = CommandSpec.wrapWithoutInspection(status).name("status");
    statusSpec
        .usageMessage()
        .description("Show a running node's fleet: members, shards, fills, leases.");
    statusSpec.addOption(Main.help());
    AdminClient.addOptions(statusSpec);
    cluster.addSubcommand("status", statusSpec);
    return cluster;
  }

  private static int status(ParseResult parsed, PrintWriter out) throws Exception {
    HttpResponse<String> answer = AdminClient.of(parsed).send("GET", "/cluster");
    if (answer.statusCode() != 200) {
      throw new SettingsException(answer.body().strip());
    }
    JsonNode page = new ObjectMapper().readTree(answer.body());
    out.printf(
        "node %s: keepers %s, %d fills running, %d keys leased, rules %s%n",
        page.path("node").asText(),
        page.path("keepersAnswer").asBoolean() ? "answer" : "do not answer",
        page.path("runningFills").asInt(),
        page.path("leasedKeys").asLong(),
        page.path("rules").asText());
    out.printf("%-32s %-9s %-11s %6s%n", "member", "status", "reachable", "shards");
    for (JsonNode member : page.path("members")) {
      out.printf(
          "%-32s %-9s %-11s %6d%s%s%n",
          member.path("address").asText(),
          member.path("status").asText(),
          member.path("reachable").asBoolean() ? "yes" : "no",
          member.path("shards").asInt(),
          member.path("oldest").asBoolean() ? "  oldest" : "",
          member.path("self").asBoolean() ? "  (this node)" : "");
    }
    out.flush();
    return 0;
  }

  private static int init(ParseResult parsed, PrintWriter out) {
    Path folder = Path.of(parsed.matchedPositionalValue(0, "")).toAbsolutePath();
    List<String> nodes =
        Arrays.stream(parsed.matchedOptionValue("--nodes", "node-1,node-2,node-3").split(","))
            .map(String::strip)
            .filter(name -> !name.isEmpty())
            .toList();
    List<String> made = new FleetFolder(folder, Instant.now()).make(nodes);
    if (made.isEmpty()) {
      out.println("Nothing to do: " + folder + " has all of " + String.join(", ", nodes));
    }
    for (String node : made) {
      out.println(folder.resolve(node));
    }
    out.flush();
    return 0;
  }
}
