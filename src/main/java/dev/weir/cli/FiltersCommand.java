package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.filters.FilterBook;
import dev.weir.filters.Phase;
import dev.weir.filters.PluginException;
import java.io.PrintWriter;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir filters}: the filters that plug-ins bring, and those that would be used. */
final class FiltersCommand {
  private FiltersCommand() {}

  static CommandSpec spec() {
    Command list = FiltersCommand::list;
    CommandSpec spec = CommandSpec.wrapWithoutInspection(list).name("filters");
    spec.usageMessage()
        .description(
            "List the filters in the folder of plug-ins: those in weir.filters.order first, made as"
                + " `serve` would make them, with their phases (flags as for serve). Exit code 2 if"
                + " they cannot be had so.");
    spec.addOption(Main.help());
    SettingFlags.addTo(spec);
    return spec;
  }

  private static int list(ParseResult parsed, PrintWriter out) {
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    ServeSettings settings = ServeSettings.from(config);
    try (FilterBook book = FilterBook.list(settings.plugins(), config.getConfig("weir.filters"))) {
      for (FilterBook.Entry entry : book.entries()) {
        out.printf(
            "%s %s (%s)%s%n",
            entry.position() == 0 ? "-" : entry.position() + ".",
            entry.name(),
            entry.place(),
            entry.about().isEmpty() ? "" : ": " + entry.about());
        if (entry.position() > 0) {
          out.printf("   %s%n", phases(entry));
        }
      }
      if (book.entries().isEmpty()) {
        out.printf("no plug-in in %s%n", settings.plugins());
      }
    } catch (PluginException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    }
    out.flush();
    return 0;
  }

  private static String phases(FilterBook.Entry entry) {
    return entry.phases().isEmpty()
        ? "no phase"
        : entry.phases().stream().map(Phase::label).collect(Collectors.joining(", "));
  }
}
