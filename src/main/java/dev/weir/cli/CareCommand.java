package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.Config;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code weir gc} and {@code weir fsck}: done by the running node if one answers, else by this
 * process on the stores that the settings of {@code weir serve} name.
 */
final class CareCommand {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long POLL_MILLIS = 300;
  private static final String DIRECT = "direct";

  private final String task;
  private final List<String> switches;

  private CareCommand(String task, List<String> switches) {
    this.task = task;
    this.switches = switches;
  }

  static CommandSpec gc() {
    return new CareCommand(
            CareDesk.GC, List.of(StoreCare.DRY_RUN, StoreCare.FORCE, StoreCare.ADOPT))
        .spec(
            "Free what no entry names any more, and what is beyond the quotas. Shared chunks are"
                + " condemned first, and deleted by a later run when the grace is over.");
  }

  static CommandSpec fsck() {
    return new CareCommand(CareDesk.FSCK, List.of(StoreCare.DRY_RUN, StoreCare.DEEP))
        .spec(
            "Check that the chunks of every entry are there, and remove entries that are not whole,"
                + " so that they are fetched anew. Exit code: 0 all whole, 3 some were not and are"
                + " removed, 4 some are left, 1 it could not be checked.");
  }

  private CommandSpec spec(String description) {
    Command command = this::run;
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command).name(task);
    spec.usageMessage().description(description);
    spec.addOption(Main.help());
    for (String name : switches) {
      spec.addOption(toggle(name, help(name)));
    }
    spec.addOption(toggle(DIRECT, "Do not ask a running node; use the stores from here."));
    AdminClient.addOptions(spec);
    SettingFlags.addTo(spec);
    return spec;
  }

  private static OptionSpec toggle(String name, String help) {
    return OptionSpec.builder("--" + name).type(Boolean.class).arity("0").description(help).build();
  }

  private static String help(String name) {
    return switch (name) {
      case StoreCare.DRY_RUN -> "Only say what would be done.";
      case StoreCare.FORCE -> "Although much less is named than the last time.";
      case StoreCare.ADOPT -> "Although the S3 prefix was of another metadata index.";
      default -> "Read every byte and compare it with its digest.";
    };
  }

  private int run(ParseResult parsed, PrintWriter out) throws Exception {
    Set<String> options = new LinkedHashSet<>();
    for (String name : switches) {
      if (parsed.hasMatchedOption("--" + name)) {
        options.add(name);
      }
    }
    if (!parsed.hasMatchedOption("--" + DIRECT)) {
      AdminClient node = AdminClient.of(parsed);
      if (node.isThere()) {
        return byNode(node, options, out);
      }
      if (parsed.hasMatchedOption("--admin")) {
        throw new SettingsException("no node answers at %s".formatted(node.base()));
      }
    }
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    try (DirectStores stores = DirectStores.open(config);
        ProgressBar bar = ProgressBar.onTerminal()) {
      return print(
          task.equals(CareDesk.FSCK)
              ? stores.care().fsck(options, bar)
              : stores.care().gc(options, bar),
          bar,
          out);
    }
  }

  private static int print(StoreCare.Result result, ProgressBar bar, PrintWriter out) {
    bar.close();
    out.println(result.text().strip());
    out.flush();
    return result.exit();
  }

  private int byNode(AdminClient node, Set<String> options, PrintWriter out) throws Exception {
    String query =
        options.stream().map(option -> "&" + option + "=true").collect(Collectors.joining());
    HttpResponse<String> begun = node.send("POST", "/care?task=" + task + query);
    if (begun.statusCode() != 202) {
      out.println("the node at " + node.base() + " says: " + begun.body().strip());
      out.flush();
      return 1;
    }
    out.println("done by the node at " + node.base());
    try (ProgressBar bar = ProgressBar.onTerminal()) {
      String phase = "";
      long seen = 0;
      while (true) {
        JsonNode status = status(node);
        if (!status.path("running").asBoolean()) {
          return print(
              StoreCare.Result.of(status.path("exit").asInt(1), status.path("text").asText("")),
              bar,
              out);
        }
        if (!status.path("phase").asText().equals(phase)) {
          phase = status.path("phase").asText();
          seen = 0;
          bar.phase(phase, status.path("total").asLong());
        }
        long done = status.path("done").asLong();
        bar.advance(done - seen);
        seen = done;
        Thread.sleep(POLL_MILLIS);
      }
    }
  }

  private static JsonNode status(AdminClient node) throws IOException, InterruptedException {
    HttpResponse<String> answer = node.send("GET", "/care");
    if (answer.statusCode() != 200) {
      throw new SettingsException("the node says: " + answer.body().strip());
    }
    return JSON.readTree(answer.body());
  }
}
