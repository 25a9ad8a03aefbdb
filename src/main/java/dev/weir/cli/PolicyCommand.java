package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.FiledKeys;
import dev.weir.filters.FilterBook;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.policy.AddressBlock;
import dev.weir.policy.Caller;
import dev.weir.policy.Entrance;
import dev.weir.rules.Explanation;
import dev.weir.rules.RuleBook;
import dev.weir.rules.RuleFileException;
import dev.weir.rules.RuleFiles;
import java.io.PrintWriter;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir policy}: looks at rules, checks and tries them, and has a node read them again. */
final class PolicyCommand {
  private PolicyCommand() {}

  static CommandSpec spec() {
    CommandSpec policy = CommandSpec.create().name("policy");
    policy.usageMessage().description("Rules: what is done with which request.");
    policy.addOption(Main.help());
    policy.addSubcommand(
        "defaults", sub(PolicyCommand::defaults, "defaults", "Print the built-in rules."));
    policy.addSubcommand("check", check());
    policy.addSubcommand("explain", explain());
    CommandSpec reload =
        sub(
            PolicyCommand::reload,
            "reload",
            "Have a running node read its rule files now; it looks at them by itself, too. Exit"
                + " code 1 if they cannot be used: the rules before them stay in force then.");
    AdminClient.addOptions(reload);
    policy.addSubcommand("reload", reload);
    return policy;
  }

  private static CommandSpec sub(Command command, String name, String description) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command).name(name);
    spec.usageMessage().description(description);
    spec.addOption(Main.help());
    return spec;
  }

  private static CommandSpec check() {
    CommandSpec spec =
        sub(
            PolicyCommand::check,
            "check",
            "Read rule files as `serve` would and run their test cases. Exit code 1 if they cannot"
                + " be used or a test fails.");
    addSettings(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("FILE")
            .description("Rule files, or folders of *.conf, in their order.")
            .build());
    return spec;
  }

  private static CommandSpec explain() {
    CommandSpec spec =
        sub(
            PolicyCommand::explain,
            "explain",
            "Say what the rules make of a request: rule, policy, key, timeouts, decision, and what"
                + " filters make of its key. Rules are those of --policy-file (or WEIR_POLICY_FILE)"
                + " and the built-in ones; nothing is asked of a node or an origin.");
    spec.addOption(
        option("-H", "--header", "NAME:VALUE", "A field of the request; repeatable.", true));
    spec.addOption(option("-X", "--method", "METHOD", "Its method (GET).", false));
    spec.addOption(option(null, "--client", "ADDRESS", "Whom it is from.", false));
    spec.addOption(option(null, "--listener", "PORT", "The port it comes in on.", false));
    spec.addOption(option(null, "--policy-file", "FILE", "As for serve; repeatable.", true));
    spec.addOption(option(null, "--plugins", "DIR", "As for serve.", false));
    addSettings(spec);
    spec.addPositional(
        PositionalParamSpec.builder()
            .index("0..*")
            .arity("1..*")
            .required(true)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("URL")
            .description("As clients ask for it, query and all.")
            .build());
    return spec;
  }

  private static void addSettings(CommandSpec spec) {
    spec.addOption(option(null, "--default-policy", "POLICY", "As for serve.", false));
    spec.addOption(option(null, "--config", "FILE", "As for serve.", false));
  }

  private static Map<String, String> settings(ParseResult parsed) {
    Map<String, String> flags = new LinkedHashMap<>();
    for (String name : List.of("default-policy", "config", "plugins")) {
      if (parsed.hasMatchedOption("--" + name)) {
        flags.put(name, parsed.matchedOptionValue("--" + name, ""));
      }
    }
    return flags;
  }

  private static OptionSpec option(
      @Nullable String shortName, String name, String label, String text, boolean many) {
    OptionSpec.Builder option =
        shortName == null ? OptionSpec.builder(name) : OptionSpec.builder(shortName, name);
    option.paramLabel(label).description(text).arity("1");
    return many
        ? option.type(List.class).auxiliaryTypes(String.class).build()
        : option.type(String.class).build();
  }

  private static int defaults(ParseResult parsed, PrintWriter out) {
    out.print(RuleFiles.builtIn());
    out.flush();
    return 0;
  }

  private static int check(ParseResult parsed, PrintWriter out) {
    List<Path> files =
        parsed.matchedPositionalValue(0, List.<String>of()).stream()
            .map(SettingReader::pathOf)
            .toList();
    ServeSettings settings =
        ServeSettings.from(new SettingsLoader(System.getenv()).load(settings(parsed)));
    RuleBook book;
    try {
      book = RuleFiles.load(files, settings.defaultPolicy(), NodeSettings.rules(settings));
    } catch (RuleFileException bad) {
      out.println(bad.getMessage());
      out.flush();
      return 1;
    }
    List<String> failures = book.failures();
    failures.forEach(out::println);
    out.printf(
        "%d rules with the built-in ones, %d of %d tests right, digest %s%n",
        book.table().rules().size(),
        book.tests().size() - book.wrongTests(),
        book.tests().size(),
        book.digest());
    out.flush();
    return failures.isEmpty() ? 0 : 1;
  }

  private static int explain(ParseResult parsed, PrintWriter out) throws Exception {
    Map<String, String> flags = settings(parsed);
    if (parsed.hasMatchedOption("--policy-file")) {
      flags.put(
          "policy-file",
          String.join(",", parsed.matchedOptionValue("--policy-file", List.<String>of())));
    }
    Config config = new SettingsLoader(System.getenv()).load(flags);
    ServeSettings settings = ServeSettings.from(config);
    Caller caller = caller(parsed);
    try (FilterBook filters = NodeBase.filters(settings)) {
      RuleBook book =
          RuleFiles.load(
              settings.policyFiles(), settings.defaultPolicy(), NodeSettings.rules(settings));
      FiledKeys filed =
          new FiledKeys(
              book::table,
              filters.filters(),
              ExchangeSettings.from(config.getConfig("weir.exchange")));
      String between = "";
      for (String url : parsed.matchedPositionalValue(0, List.<String>of())) {
        RequestHead request =
            Explanation.request(parsed.matchedOptionValue("--method", "GET"), url, headers(parsed));
        out.print(between);
        Explanation.of(book.table(), request, caller).forEach(out::println);
        byFilters(filed, request, caller).forEach(out::println);
        between = System.lineSeparator();
      }
    } catch (RuleFileException bad) {
      throw new SettingsException(String.valueOf(bad.getMessage()));
    } catch (IllegalArgumentException bad) {
      throw new SettingsException("that is no absolute http or https URL: " + bad.getMessage());
    }
    out.flush();
    return 0;
  }

  /** The key that filters make of it, where they do: they have their time, and no more. */
  private static List<String> byFilters(FiledKeys filed, RequestHead request, Caller caller)
      throws InterruptedException, ExecutionException {
    FiledKeys.Filed key = filed.of(request, caller, Entrance.PROXY).toCompletableFuture().get();
    return key.byFilters()
        ? List.of("filtered  " + key.url(), "digest    " + key.key().digest())
        : List.of();
  }

  private static Caller caller(ParseResult parsed) {
    String address = parsed.matchedOptionValue("--client", "");
    String listener = parsed.matchedOptionValue("--listener", "0");
    try {
      return new Caller(
          address.isEmpty() ? null : AddressBlock.parse(address).network(),
          Integer.parseInt(listener));
    } catch (IllegalArgumentException bad) {
      throw new SettingsException("--client is an address and --listener a port");
    }
  }

  private static Headers headers(ParseResult parsed) {
    return UrlKeys.headers(AdminClient.fields(parsed));
  }

  private static int reload(ParseResult parsed, PrintWriter out) throws Exception {
    HttpResponse<String> answer = AdminClient.of(parsed).send("POST", "/policy/reload");
    out.println(answer.body().strip());
    out.flush();
    return answer.statusCode() == 200 ? 0 : 1;
  }
}
