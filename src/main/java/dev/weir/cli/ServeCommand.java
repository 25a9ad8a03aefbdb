package dev.weir.cli;

import com.typesafe.config.Config;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir serve}: starts a node and leaves it running until a signal ends it. */
final class ServeCommand {
  /** Not an exit code: the process goes on. */
  static final int KEEPS_RUNNING = Integer.MIN_VALUE;

  private ServeCommand() {}

  static CommandSpec spec() {
    Command serve = ServeCommand::serve;
    CommandSpec spec = CommandSpec.wrapWithoutInspection(serve).name("serve");
    spec.usageMessage()
        .description(
            "Serve as an intercepting, caching proxy, or as the caching front of one origin.")
        .footer(
            "",
            "Each flag is also an environment variable (in brackets) and a key below `weir` in the",
            "file of --config. Flags win over the environment, the environment over the file.",
            "Defaults and all further settings: `weir config print`.");
    spec.addOption(Main.help());
    SettingFlags.addTo(spec);
    return spec;
  }

  private static int serve(ParseResult parsed, PrintWriter out) throws Exception {
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    Node node = Node.start(ServeSettings.from(config));
    Runtime.getRuntime().addShutdownHook(new Thread(node::stop, "weir-stop"));
    EndSignals.handle(node::stop);
    out.println(node.welcome());
    ServiceNotice.send(ServiceNotice.READY);
    return KEEPS_RUNNING;
  }
}
