package dev.weir.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The entry point of the {@code weir} command. Exit codes: 0 done, 1 failed, 2 wrong usage. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    int code = commands().execute(arguments);
    if (code != ServeCommand.KEEPS_RUNNING) {
      System.exit(code);
    }
  }

  static CommandLine commands() {
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
    line.addSubcommand("serve", new CommandLine(ServeCommand.spec()));
    line.addSubcommand("ca", new CommandLine(CaCommand.spec()));
    line.addSubcommand("cluster", new CommandLine(ClusterCommand.spec()));
    line.addSubcommand("purge", new CommandLine(PurgeCommand.spec()));
    line.addSubcommand("origins", new CommandLine(OriginsCommand.spec()));
    line.addSubcommand("policy", new CommandLine(PolicyCommand.spec()));
    line.addSubcommand("filters", new CommandLine(FiltersCommand.spec()));
    line.addSubcommand("cache", new CommandLine(CacheCommand.spec()));
    line.addSubcommand("gc", new CommandLine(CareCommand.gc()));
    line.addSubcommand("fsck", new CommandLine(CareCommand.fsck()));
    line.addSubcommand("import", new CommandLine(ImportCommand.spec()));
    line.addSubcommand("config", new CommandLine(ConfigCommand.spec()));
    line.setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    line.setExecutionStrategy(Main::run);
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
