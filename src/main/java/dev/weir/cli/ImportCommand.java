package dev.weir.cli;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueFactory;
import dev.weir.fill.FillSettings;
import dev.weir.log.LogText;
import dev.weir.log.ProcessLog;
import dev.weir.moving.Mover;
import dev.weir.moving.Reason;
import dev.weir.moving.Report;
import dev.weir.store.elastic.ElasticSettings;
import dev.weir.store.elastic.ForeignIndex;
import dev.weir.store.s3.ForeignObjects;
import dev.weir.store.s3.S3Access;
import dev.weir.store.s3.S3StoreSettings;
import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.SystemMaterializer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code weir import}: moves what passsage and xs3lerator hold into the configured stores. */
final class ImportCommand {
  /** Something may be moved by another run. */
  static final int AGAIN = 3;

  private static final String URL = "--source-elasticsearch-url";
  private static final String INDEX = "--source-index";
  private static final String USER = "--source-elasticsearch-user";
  private static final String CA = "--source-elasticsearch-ca";
  private static final String BUCKET = "--source-bucket";
  private static final String ENDPOINT = "--source-endpoint";
  private static final String REGION = "--source-region";
  private static final String PREFIX = "--source-prefix";
  private static final String DRY_RUN = "--dry-run";
  private static final String LIMIT = "--limit";
  private static final String PARALLEL = "--parallel";
  private static final String PASSWORD_VARIABLE = "WEIR_SOURCE_ELASTICSEARCH_PASSWORD";
  private static final String KEY_VARIABLE = "WEIR_SOURCE_ELASTICSEARCH_API_KEY";
  private static final long MAX_PARALLEL = 64;

  private ImportCommand() {}

  static CommandSpec spec() {
    Command command = ImportCommand::run;
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command).name("import");
    spec.usageMessage()
        .description(
            "Move in: take over what a passsage index and an xs3lerator bucket hold. Every body is"
                + " read and hashed anew, and every entry is validated with its origin before its"
                + " first use. What is ambiguous, looks like somebody's own, or is not whole is"
                + " left out and counted. The source is only read, nothing stored here is replaced,"
                + " and a run that was cut off can be begun again. Exit code: 0 done, 3 a store"
                + " failed for some entries (run it again), 1 it could not be done, 2 wrong usage.")
        .footer(
            "",
            "The other flags, as for serve, name the stores to move into and the rules that make",
            "keys. Stores in a data folder need it to themselves: stop its node first. With S3 and",
            "Elasticsearch nodes may run meanwhile. S3 credentials are found as the AWS tools find",
            "them, the same for both buckets. The source's Elasticsearch takes its password from",
            PASSWORD_VARIABLE + " or its key from " + KEY_VARIABLE,
            "(or file:/path in either).");
    spec.addOption(Main.help());
    spec.addOption(required(URL, "URL", "Where the source's index is."));
    spec.addOption(value(INDEX, "NAME", "The source's index (passsage_meta)."));
    spec.addOption(value(USER, "NAME", "The user that may read it."));
    spec.addOption(value(CA, "FILE", "PEM certificates to trust there, and no others."));
    spec.addOption(required(BUCKET, "NAME", "The source's bucket."));
    spec.addOption(value(ENDPOINT, "URL", "Its S3 server, unless it is AWS."));
    spec.addOption(value(REGION, "NAME", "Its region."));
    spec.addOption(value(PREFIX, "PREFIX", "Before the keys of its chunks (data/)."));
    spec.addOption(
        OptionSpec.builder(DRY_RUN)
            .description("Only look at documents, and say what would be moved; reads no bodies.")
            .build());
    spec.addOption(value(LIMIT, "N", "Move so many entries at most."));
    spec.addOption(value(PARALLEL, "N", "Bodies at a time (4)."));
    SettingFlags.addTo(spec);
    return spec;
  }

  private static OptionSpec value(String name, String label, String help) {
    return OptionSpec.builder(name).type(String.class).paramLabel(label).description(help).build();
  }

  private static OptionSpec required(String name, String label, String help) {
    return OptionSpec.builder(name)
        .type(String.class)
        .required(true)
        .paramLabel(label)
        .description(help)
        .build();
  }

  private static int run(ParseResult parsed, PrintWriter out) {
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    ServeSettings settings = ServeSettings.from(config);
    Config stores = config.getConfig("weir.store");
    S3StoreSettings bucket = bucket(parsed, stores.getConfig("s3"));
    ElasticSettings index = index(parsed, stores.getConfig("elasticsearch"), System.getenv());
    FillSettings fill = FillSettings.from(config.getConfig("weir.fill"));
    Mover.Plan plan =
        new Mover.Plan(
            parsed.hasMatchedOption(DRY_RUN),
            number(parsed, LIMIT, Long.MAX_VALUE, Long.MAX_VALUE),
            (int) number(parsed, PARALLEL, 4, MAX_PARALLEL),
            fill.inlineBodyBytes(),
            fill::chunkBytesFor);
    ProcessLog log = OpenStores.quietLog(config);
    try {
      return print(moved(settings, bucket, index, parsed, plan), plan.limit(), out);
    } finally {
      log.close();
    }
  }

  private static Report moved(
      ServeSettings settings,
      S3StoreSettings bucket,
      ElasticSettings index,
      ParseResult parsed,
      Mover.Plan plan) {
    ImportKeys keys = new ImportKeys(NodeBase.rules(settings).get());
    try (Streams streams = Streams.open(bucket.pools().withFallback(settings.config()));
        ImportStores into = ImportStores.open(settings, streams.system());
        ForeignIndex from = ForeignIndex.open(streams.system(), index);
        ProgressBar bar = ProgressBar.onTerminal()) {
      ForeignObjects objects =
          new ForeignObjects(bucket, S3Access.standard(bucket), streams.system());
      return new Mover(
              new Mover.Origin(from, objects, parsed.matchedOptionValue(PREFIX, "data/")),
              into,
              keys,
              plan,
              bar,
              InstantSource.system(),
              SystemMaterializer.get(streams.system()).materializer())
          .run();
    }
  }

  /** The system that all streams of a run live in; ends last. */
  private record Streams(ActorSystem system) implements AutoCloseable {
    static Streams open(Config config) {
      return new Streams(ActorSystem.create("weir-import", config));
    }

    @Override
    public void close() {
      system.terminate();
      try {
        system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException slow) {
        // The process ends in a moment and takes with it what is left.
      }
    }
  }

  private static S3StoreSettings bucket(ParseResult parsed, Config block) {
    return S3StoreSettings.from(
        block
            .withValue("bucket", text(parsed, BUCKET, ""))
            .withValue("endpoint", text(parsed, ENDPOINT, ""))
            .withValue("region", text(parsed, REGION, ""))
            .withValue("prefix", ConfigValueFactory.fromAnyRef("")));
  }

  static ElasticSettings index(ParseResult parsed, Config block, Map<String, String> environment) {
    return ElasticSettings.from(
        block
            .withValue("url", text(parsed, URL, ""))
            .withValue("index", text(parsed, INDEX, "passsage_meta"))
            .withValue("user", text(parsed, USER, ""))
            .withValue("ca", text(parsed, CA, ""))
            .withValue(
                "password",
                ConfigValueFactory.fromAnyRef(environment.getOrDefault(PASSWORD_VARIABLE, "")))
            .withValue(
                "api-key",
                ConfigValueFactory.fromAnyRef(environment.getOrDefault(KEY_VARIABLE, ""))));
  }

  private static com.typesafe.config.ConfigValue text(
      ParseResult parsed, String name, String otherwise) {
    return ConfigValueFactory.fromAnyRef(parsed.matchedOptionValue(name, otherwise));
  }

  private static long number(ParseResult parsed, String name, long otherwise, long most) {
    String text = parsed.matchedOptionValue(name, "");
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      long number = Long.parseLong(text);
      if (number > 0 && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // answered below
    }
    throw new SettingsException(
        "%s: expected a number above 0%s, found '%s'"
            .formatted(name, most == Long.MAX_VALUE ? "" : " and not above " + most, text));
  }

  private static int print(Report report, long limit, PrintWriter out) {
    out.printf("%,12d  documents looked at%n", report.documents());
    out.printf(
        "%,12d  entries %s, %s%n",
        report.moved(),
        report.dryRun() ? "would be moved" : "moved, to be validated before their first use",
        StoreCare.bytes(report.bytes()));
    for (Reason reason : Reason.values()) {
      Long count = report.skipped().get(reason);
      if (count != null) {
        out.printf("%,12d  left out: %s%n", count, reason.text());
      }
    }
    boolean limited = report.moved() >= limit;
    if (!report.complete() && limited) {
      out.println("The limit is reached; another run goes on from here.");
    } else if (!report.complete()) {
      out.println("Given up after many failures one after another.");
    }
    if (!report.trouble().isEmpty()) {
      out.println("The last failure: " + LogText.escaped(report.trouble()));
    }
    out.flush();
    if (!report.complete() && !limited) {
      return 1;
    }
    return report.failed() > 0 ? AGAIN : 0;
  }
}
