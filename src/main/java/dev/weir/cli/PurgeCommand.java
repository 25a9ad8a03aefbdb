package dev.weir.cli;

import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir purge URL…}: forgets what is stored, on all nodes. */
final class PurgeCommand {
  private PurgeCommand() {}

  static CommandSpec spec() {
    Command purge = PurgeCommand::purge;
    CommandSpec spec = CommandSpec.wrapWithoutInspection(purge).name("purge");
    spec.usageMessage()
        .description(
            "Forget what is stored of URLs, with all variants, on all nodes. It returns when no"
                + " node serves them any more; exit code 1 if one has not said so.");
    spec.addOption(Main.help());
    AdminClient.addOptions(spec);
    AdminClient.addFields(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("URL")
            .description("As clients ask for them, query and all.")
            .build());
    return spec;
  }

  private static int purge(ParseResult parsed, PrintWriter out) throws Exception {
    AdminClient node = AdminClient.of(parsed);
    List<String> urls = parsed.matchedPositionalValue(0, List.<String>of());
    List<String> fields = AdminClient.fields(parsed);
    boolean all = true;
    for (String url : urls) {
      HttpResponse<String> answer =
          node.send("PURGE", "/purge" + AdminClient.question(url, fields));
      out.println(url + ": " + answer.body().strip());
      all &= answer.statusCode() == 200 || answer.statusCode() == 404;
    }
    out.flush();
    return all ? 0 : 1;
  }
}
