package dev.weir.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Turns the table of settings into flags, and what was typed into values by setting name. */
final class SettingFlags {
  private SettingFlags() {}

  static void addTo(CommandSpec command) {
    for (Setting setting : Setting.ALL) {
      OptionSpec.Builder option =
          setting.shortFlag() == null
              ? OptionSpec.builder(setting.flag())
              : OptionSpec.builder(setting.shortFlag(), setting.flag());
      option.description(setting.help() + " [" + setting.environment() + "]");
      if (setting.isSwitch()) {
        option
            .type(Boolean.class)
            .arity("0")
            .negatable(true)
            .defaultValue(null)
            .fallbackValue("true");
      } else if (setting.isRepeatable()) {
        option
            .type(List.class)
            .auxiliaryTypes(String.class)
            .arity("1")
            .paramLabel(String.valueOf(setting.label()));
      } else {
        option.type(String.class).arity("1").paramLabel(String.valueOf(setting.label()));
      }
      command.addOption(option.build());
    }
  }

  static Map<String, String> typed(ParseResult parsed) {
    Map<String, String> values = new LinkedHashMap<>();
    for (Setting setting : Setting.ALL) {
      if (parsed.hasMatchedOption(setting.flag())) {
        Object value = parsed.matchedOptionValue(setting.flag(), (Object) "");
        values.put(
            setting.name(),
            value instanceof List<?> several
                ? several.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value));
      }
    }
    return values;
  }
}
