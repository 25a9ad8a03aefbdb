package dev.weir.cli;

import com.typesafe.config.Config;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir ca export}: prints the interception CA's certificate, making the CA if need be. */
final class CaCommand {
  private CaCommand() {}

  static CommandSpec spec() {
    CommandSpec ca = CommandSpec.create().name("ca");
    ca.usageMessage().description("The interception CA.");
    ca.addOption(Main.help());
    Command export = CaCommand::export;
    CommandSpec exporting = CommandSpec.wrapWithoutInspection(export).name("export");
    exporting.usageMessage().description("Print the CA's certificate as PEM (flags as for serve).");
    exporting.addOption(Main.help());
    SettingFlags.addTo(exporting);
    ca.addSubcommand("export", exporting);
    return ca;
  }

  private static int export(ParseResult parsed, PrintWriter out) {
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    out.print(Node.authority(ServeSettings.from(config)).pem());
    out.flush();
    return 0;
  }
}
