package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.io.PrintWriter;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir config print}: every effective value and where it came from, secrets masked. */
final class ConfigCommand {
  private static final Pattern SECRET = Pattern.compile("password|secret|api-key|token$");

  private ConfigCommand() {}

  static CommandSpec spec() {
    CommandSpec config = CommandSpec.create().name("config");
    config.usageMessage().description("Look at the settings.");
    config.addOption(Main.help());
    Command print = ConfigCommand::print;
    CommandSpec printing = CommandSpec.wrapWithoutInspection(print).name("print");
    printing
        .usageMessage()
        .description("Print every effective value and where it came from (flags as for serve).");
    printing.addOption(Main.help());
    SettingFlags.addTo(printing);
    config.addSubcommand("print", printing);
    return config;
  }

  private static int print(ParseResult parsed, PrintWriter out) {
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    ServeSettings.from(config);
    Map<String, ConfigValue> values = new TreeMap<>();
    config.getConfig("weir").entrySet().forEach(e -> values.put(e.getKey(), e.getValue()));
    values.forEach(
        (key, value) ->
            out.printf(
                "weir.%s = %s  # %s%n", key, shown(key, value), value.origin().description()));
    return 0;
  }

  private static String shown(String key, ConfigValue value) {
    String text = String.valueOf(value.unwrapped());
    // A path is no secret; PEM text is.
    if (text.contains("PRIVATE KEY") || (SECRET.matcher(key).find() && !text.isEmpty())) {
      return "\"<secret>\"";
    }
    ConfigValue plain = ConfigValueFactory.fromAnyRef(value.unwrapped());
    return plain.render(ConfigRenderOptions.concise());
  }
}
