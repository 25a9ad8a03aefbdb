package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.admin.Operations.Look;
import dev.weir.log.LogText;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir cache show URL} and {@code weir cache list}: what is stored, looked at. */
final class CacheCommand {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PAGE = 200;

  private CacheCommand() {}

  static CommandSpec spec() {
    CommandSpec cache = CommandSpec.create().name("cache");
    cache.usageMessage().description("Look at what is stored.");
    cache.addOption(Main.help());
    Command show = CacheCommand::show;
    CommandSpec showing = CommandSpec.wrapWithoutInspection(show).name("show");
    showing
        .usageMessage()
        .description(
            "Show all that is stored of a URL: its key and epoch, and of every variant freshness,"
                + " age, validators, size, chunks (their digests with -v), the tiers that hold it"
                + " and its last access. Exit code 1 if nothing is stored.")
        .footer(footer());
    options(showing);
    AdminClient.addFields(showing);
    showing.addPositional(
        PositionalParamSpec.builder()
            .index("0")
            .arity("1")
            .type(String.class)
            .paramLabel("URL")
            .description("As clients ask for it, query and all.")
            .build());
    cache.addSubcommand("show", showing);
    Command list = CacheCommand::list;
    CommandSpec listing = CommandSpec.wrapWithoutInspection(list).name("list");
    listing
        .usageMessage()
        .description(
            "List what is stored of a host, in the order of keys. Values of query parameters that"
                + " sign or look like secrets are not shown.")
        .footer(footer());
    options(listing);
    listing.addOption(value("--host", "HOST", "Only of this host, without port; default all."));
    listing.addOption(value("--after", "ID", "Go on after this id, which the page before names."));
    listing.addOption(value("--limit", "N", "So many entries at most (100)."));
    cache.addSubcommand("list", listing);
    return cache;
  }

  private static String[] footer() {
    return new String[] {
      "",
      "A running node is asked: the one that --admin names, else the one at this machine's",
      "--health-port. Where none runs, the stores are opened that the other flags (as for serve)",
      "name; with --offline they are opened in any case."
    };
  }

  private static void options(CommandSpec spec) {
    spec.addOption(Main.help());
    AdminClient.addOptions(spec);
    spec.addOption(OptionSpec.builder("--json").description("Print JSON.").build());
    spec.addOption(
        OptionSpec.builder("--offline")
            .description("Look into the stores themselves, whatever listens here.")
            .build());
    SettingFlags.addTo(spec);
  }

  private static OptionSpec value(String name, String label, String help) {
    return OptionSpec.builder(name).type(String.class).paramLabel(label).description(help).build();
  }

  private static int show(ParseResult parsed, PrintWriter out) throws Exception {
    String url = parsed.matchedPositionalValue(0, "");
    List<String> fields = AdminClient.fields(parsed);
    try (CacheView view = CacheView.of(parsed)) {
      Look look = view.show(url, fields);
      if (look instanceof Look.Nothing) {
        out.printf("Nothing is stored of %s (asked: %s).%n", LogText.escaped(url), view.source());
        out.flush();
        return 1;
      }
      String json = json(look);
      if (parsed.hasMatchedOption("--json")) {
        out.println(json.strip());
      } else {
        new CacheText(out).show(JSON.readTree(json), parsed.hasMatchedOption("--verbose"));
      }
      out.flush();
      return 0;
    }
  }

  private static int list(ParseResult parsed, PrintWriter out) throws Exception {
    int limit = limit(parsed.matchedOptionValue("--limit", "100"));
    String host = parsed.matchedOptionValue("--host", "");
    String after = parsed.matchedOptionValue("--after", "");
    boolean asJson = parsed.hasMatchedOption("--json");
    CacheText text = new CacheText(out);
    try (CacheView view = CacheView.of(parsed)) {
      int told = 0;
      while (told < limit) {
        JsonNode page = JSON.readTree(json(view.list(host, after, Math.min(PAGE, limit - told))));
        if (page.path("entries").isEmpty()) {
          break;
        }
        for (JsonNode entry : page.path("entries")) {
          if (asJson) {
            out.println(entry);
          } else {
            if (told == 0) {
              text.heading();
            }
            text.row(entry);
          }
          told++;
        }
        after = page.path("next").asText();
      }
      if (!asJson) {
        ending(out, host, after, told, limit);
      }
      out.flush();
      return told == 0 ? 1 : 0;
    }
  }

  private static void ending(PrintWriter out, String host, String after, int told, int limit) {
    if (told == 0) {
      out.println(
          "Nothing is stored" + (host.isEmpty() ? "." : " of " + LogText.escaped(host) + "."));
    } else if (told == limit) {
      out.printf("There may be more: --after %s%n", LogText.escaped(after));
    }
  }

  private static int limit(String text) {
    try {
      int limit = Integer.parseInt(text);
      if (limit > 0) {
        return limit;
      }
    } catch (NumberFormatException notANumber) {
      // answered below
    }
    throw new SettingsException("--limit: expected a number above 0, found '%s'".formatted(text));
  }

  private static String json(Look look) {
    return switch (look) {
      case Look.Found(String json) -> json;
      case Look.Nothing() -> "{}";
      case Look.NotAUrl() ->
          throw new SettingsException("URL: expected an absolute http or https URL");
      case Look.Failed(String reason) -> throw new IllegalStateException(LogText.escaped(reason));
    };
  }
}
