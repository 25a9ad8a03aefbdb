package dev.weir.cli;

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
        .description(
            "Show a running node's fleet: its members and how many shards each has, and what each"
                + " says of itself: which fills it leads and follows, leases, tiers, rules.");
    statusSpec.addOption(Main.help());
    statusSpec.addOption(OptionSpec.builder("--json").description("Print JSON.").build());
    AdminClient.addOptions(statusSpec);
    cluster.addSubcommand("status", statusSpec);
    return cluster;
  }

  private static int status(ParseResult parsed, PrintWriter out) throws Exception {
    HttpResponse<String> answer = AdminClient.of(parsed).send("GET", "/cluster");
    if (answer.statusCode() != 200) {
      throw new SettingsException(answer.body().strip());
    }
    if (parsed.hasMatchedOption("--json")) {
      out.println(answer.body().strip());
    } else {
      new FleetText(out).show(new ObjectMapper().readTree(answer.body()));
    }
    out.flush();
    return 0;
  }

  private static int init(ParseResult parsed, PrintWriter out) {
    String typed = parsed.matchedPositionalValue(0, "");
    if (typed.isBlank()) {
      throw new SettingsException("DIR is empty; name the folder to make");
    }
    Path folder = Path.of(typed).toAbsolutePath();
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
