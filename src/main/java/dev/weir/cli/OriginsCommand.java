package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir origins list|ban|unban}: which origins are left alone, on all nodes. */
final class OriginsCommand {
  private OriginsCommand() {}

  static CommandSpec spec() {
    CommandSpec origins = CommandSpec.create().name("origins");
    origins
        .usageMessage()
        .description(
            "Show the origins that are left alone because they failed, and ban or free them. A ban"
                + " holds on all nodes; requests get what is stored where that is allowed, else"
                + " 502. What policy NoCache sends past the cache is never stopped.");
    origins.addOption(Main.help());
    CommandSpec list =
        command("list", OriginsCommand::list, "The origins that failed lately, and the bans.");
    origins.addSubcommand("list", new CommandLine(list));
    CommandSpec ban = command("ban", OriginsCommand::ban, "Leave hosts alone.");
    ban.addOption(
        OptionSpec.builder("--for")
            .type(String.class)
            .paramLabel("TIME")
            .description("How long, as 30s, 10m or 2h; until they are unbanned if it is not given.")
            .build());
    origins.addSubcommand("ban", new CommandLine(hosts(ban)));
    CommandSpec unban =
        command(
            "unban",
            OriginsCommand::unban,
            "Have hosts asked again: bans are lifted, circuits closed.");
    origins.addSubcommand("unban", new CommandLine(hosts(unban)));
    return origins;
  }

  private static CommandSpec command(String name, Command work, String description) {
    CommandSpec command = CommandSpec.wrapWithoutInspection(work).name(name);
    command.usageMessage().description(description);
    command.addOption(Main.help());
    AdminClient.addOptions(command);
    return command;
  }

  private static CommandSpec hosts(CommandSpec command) {
    command.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("HOST")
            .description("Its name, or its name and port.")
            .build());
    return command;
  }

  private static int list(ParseResult parsed, PrintWriter out) throws Exception {
    HttpResponse<String> answer = AdminClient.of(parsed).send("GET", "/breakers");
    if (answer.statusCode() != 200) {
      out.println(answer.body().strip());
      out.flush();
      return 1;
    }
    JsonNode origins = new ObjectMapper().readTree(answer.body()).path("origins");
    if (origins.isEmpty()) {
      out.println("No origin has failed lately, and none is banned.");
    }
    for (JsonNode one : origins) {
      long millis = one.path("remainingMillis").asLong();
      String state = one.path("state").asText();
      String left =
          millis > 0 ? (millis + 999) / 1000 + " s" : state.equals("banned") ? "no end" : "-";
      out.printf(
          "%-10s %-10s %s  %s%n",
          state, left, one.path("origin").asText(), one.path("cause").asText());
    }
    out.flush();
    return 0;
  }

  private static int ban(ParseResult parsed, PrintWriter out) throws Exception {
    String time = parsed.matchedOptionValue("--for", "");
    return each(parsed, out, "/breakers/ban?seconds=" + (time.isEmpty() ? 0 : seconds(time)));
  }

  private static int unban(ParseResult parsed, PrintWriter out) throws Exception {
    return each(parsed, out, "/breakers/unban?");
  }

  private static int each(ParseResult parsed, PrintWriter out, String target) throws Exception {
    AdminClient node = AdminClient.of(parsed);
    boolean all = true;
    for (String host : parsed.matchedPositionalValue(0, List.<String>of())) {
      HttpResponse<String> answer =
          node.send("POST", target + "&host=" + URLEncoder.encode(host, StandardCharsets.UTF_8));
      out.println(host + ": " + answer.body().strip());
      all &= answer.statusCode() == 200;
    }
    out.flush();
    return all ? 0 : 1;
  }

  private static long seconds(String time) {
    try {
      Duration length = ConfigFactory.parseMap(Map.of("for", time)).getDuration("for");
      if (length.toSeconds() > 0) {
        return length.toSeconds();
      }
    } catch (ConfigException unreadable) {
      // the same sentence for both
    }
    throw new SettingsException("--for: a time of a second or more, as 30s, 10m or 2h");
  }
}
