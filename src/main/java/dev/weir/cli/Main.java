package dev.weir.cli;

import dev.weir.rules.Nearest;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The entry point of the {@code weir} command. Exit codes: 0 done, 1 failed, 2 wrong usage. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    int code = commands(arguments.length == 0 ? "" : arguments[0]).execute(arguments);
    if (code != ServeCommand.KEEPS_RUNNING) {
      System.exit(code);
    }
  }

  private static final Map<String, Supplier<CommandSpec>> COMMANDS = all();

  private static Map<String, Supplier<CommandSpec>> all() {
    Map<String, Supplier<CommandSpec>> all = new LinkedHashMap<>();
    all.put("serve", ServeCommand::spec);
    all.put("ca", CaCommand::spec);
    all.put("cluster", ClusterCommand::spec);
    all.put("purge", PurgeCommand::spec);
    all.put("origins", OriginsCommand::spec);
    all.put("policy", PolicyCommand::spec);
    all.put("filters", FiltersCommand::spec);
    all.put("cache", CacheCommand::spec);
    all.put("gc", CareCommand::gc);
    all.put("fsck", CareCommand::fsck);
    all.put("import", ImportCommand::spec);
    all.put("config", ConfigCommand::spec);
    return all;
  }

  /**
   * What understands a command line.
   *
   * @param first its first word: of the commands only that one is made, all where it is none
   */
  static CommandLine commands(String first) {
    CommandSpec weir = CommandSpec.create().name("weir");
    weir.usageMessage()
        .description(
            "A cache fabric for HTTP(S): point HTTP_PROXY and HTTPS_PROXY at it, and everything"
                + " fetched once can be fetched again without the origin.");
    weir.addOption(help());
    weir.addOption(
        CommandLine.Model.OptionSpec.builder("--version")
            .versionHelp(true)
            .description("Print the version.")
            .build());
    weir.versionProvider(() -> new String[] {"weir " + version()});
    CommandLine line = new CommandLine(weir);
    COMMANDS.forEach(
        (name, spec) -> {
          if (name.equals(first) || !COMMANDS.containsKey(first)) {
            line.addSubcommand(name, new CommandLine(spec.get()));
          }
        });
    line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    line.setExecutionStrategy(Main::run);
    line.setParameterExceptionHandler(Main::misused);
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          command.getErr().println("weir: " + sentence(failure));
          return failure instanceof SettingsException ? 2 : 1;
        });
    return line;
  }

  private static int run(CommandLine.ParseResult parsed) {
    Integer answered = CommandLine.executeHelpRequest(parsed);
    if (answered != null) {
      return answered;
    }
    CommandLine.ParseResult last = parsed;
    while (last.subcommand() != null) {
      last = last.subcommand();
    }
    CommandSpec spec = last.commandSpec();
    if (spec.userObject() instanceof Command command) {
      try {
        return command.run(last, spec.commandLine().getOut());
      } catch (Exception failure) {
        throw new CommandLine.ExecutionException(spec.commandLine(), sentence(failure), failure);
      }
    }
    spec.commandLine().usage(spec.commandLine().getErr());
    return 2;
  }

  /** One sentence: two hundred lines of flags behind it would have it out of sight. */
  private static int misused(CommandLine.ParameterException wrong, String[] typed) {
    CommandSpec command = wrong.getCommandLine().getCommandSpec();
    String near = meant(wrong, command);
    wrong
        .getCommandLine()
        .getErr()
        .printf(
            "weir: %s.%s See `%s --help`.%n",
            sentence(wrong),
            near == null ? "" : " Did you mean " + near + "?",
            command.qualifiedName());
    return 2;
  }

  private static @Nullable String meant(CommandLine.ParameterException wrong, CommandSpec command) {
    if (!(wrong instanceof CommandLine.UnmatchedArgumentException unmatched)) {
      return null;
    }
    String word = unmatched.getUnmatched().getFirst();
    return Nearest.to(
        word,
        word.startsWith("-") ? command.optionsMap().keySet() : command.subcommands().keySet());
  }

  private static String sentence(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }

  static CommandLine.Model.OptionSpec help() {
    return CommandLine.Model.OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .description("Print this help.")
        .build();
  }

  /** The version in the jar's manifest; "development" when run from class folders. */
  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
