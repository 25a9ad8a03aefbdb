package dev.weir.cli;

import com.typesafe.config.Config;
import dev.weir.admin.Operations.Look;
import dev.weir.exchange.ExchangeSettings;
import dev.weir.exchange.FiledKeys;
import dev.weir.filters.FilterBook;
import dev.weir.inspect.InspectSettings;
import dev.weir.inspect.Inspector;
import dev.weir.log.ProcessLog;
import dev.weir.store.Holding;
import dev.weir.store.StoreSettings;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.ParseResult;

/**
 * What a command sees of what is stored: through a running node, or in the stores themselves where
 * none runs. Blocks.
 */
interface CacheView extends AutoCloseable {
  /**
   * What is stored of a URL.
   *
   * @param fields of the request whose key it is, each as {@code NAME:VALUE}
   */
  Look show(String url, List<String> fields) throws Exception;

  Look list(String host, String after, int limit) throws Exception;

  /** Who has answered, for people. */
  String source();

  @Override
  void close();

  /**
   * The node that {@code --admin} names; else the one at this machine's health port; else the
   * stores.
   */
  static CacheView of(ParseResult parsed) throws Exception {
    if (parsed.hasMatchedOption("--admin")) {
      return new Remote(AdminClient.of(parsed));
    }
    Config config = new SettingsLoader(System.getenv()).load(SettingFlags.typed(parsed));
    ServeSettings settings = ServeSettings.from(config);
    if (!parsed.hasMatchedOption("--offline") && settings.healthPort() != 0) {
      AdminClient node = AdminClient.local(settings.healthPort());
      try {
        var _ = node.ask("GET", "/live");
        return new Remote(node);
      } catch (ConnectException nobody) {
        // No node runs, so nobody has the stores open.
      } catch (IOException odd) {
        throw new SettingsException(
            "what listens at %s is no node of Weir; --offline looks into the stores themselves"
                .formatted(node.base()));
      }
    }
    return Direct.open(settings);
  }

  /** Asks a running node. */
  record Remote(AdminClient node) implements CacheView {
    @Override
    public Look show(String url, List<String> fields) throws Exception {
      return look(node.send("GET", "/cache/show" + AdminClient.question(url, fields)));
    }

    @Override
    public Look list(String host, String after, int limit) throws Exception {
      return look(
          node.send(
              "GET",
              "/cache/list?host=%s&after=%s&limit=%d"
                  .formatted(AdminClient.encoded(host), AdminClient.encoded(after), limit)));
    }

    private static Look look(HttpResponse<String> answer) {
      return switch (answer.statusCode()) {
        case 200 -> new Look.Found(answer.body());
        case 404 -> new Look.Nothing();
        case 400 -> new Look.NotAUrl();
        default -> new Look.Failed(answer.body().strip());
      };
    }

    @Override
    public String source() {
      return "the node at " + node.base();
    }

    @Override
    public void close() {}
  }

  /** Looks into the stores. */
  record Direct(OpenStores stores, Looks looks, FilterBook filters, ProcessLog log)
      implements CacheView {
    /** Above the time that a store takes for an answer, retries and all. */
    private static final long TIMEOUT_SECONDS = 90;

    static Direct open(ServeSettings settings) {
      ProcessLog log = OpenStores.quietLog(settings.config());
      Config rooms = settings.config().getConfig("weir");
      ExchangeSettings exchange = ExchangeSettings.from(rooms.getConfig("exchange"));
      FilterBook filters = NodeBase.filters(settings);
      UrlKeys keys =
          new UrlKeys(new FiledKeys(NodeBase.rules(settings), filters.filters(), exchange));
      OpenStores stores = OpenStores.open(settings);
      StoreTiers tiers =
          new StoreTiers(
              entry -> false,
              settings.dataDir(),
              StoreSettings.from(rooms.getConfig("store")).chunks(),
              stores.objects(),
              Holding.NOTHING);
      Inspector inspector =
          new Inspector(
              stores.metadata(),
              tiers,
              exchange.storage(),
              InspectSettings.from(rooms.getConfig("inspect")),
              Clock.systemUTC(),
              ForkJoinPool.commonPool());
      return new Direct(stores, new Looks(inspector, keys), filters, log);
    }

    @Override
    public Look show(String url, List<String> fields) throws Exception {
      return await(looks.show(url, fields));
    }

    @Override
    public Look list(String host, String after, int limit) throws Exception {
      return await(looks.list(host, after, limit));
    }

    private static Look await(CompletionStage<Look> asked)
        throws InterruptedException, ExecutionException {
      try {
        return asked.toCompletableFuture().get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
      } catch (TimeoutException slow) {
        return new Look.Failed("the stores have not answered within " + TIMEOUT_SECONDS + " s");
      }
    }

    @Override
    public String source() {
      return "the stores (no node is running here)";
    }

    @Override
    public void close() {
      stores.close();
      filters.close();
      log.close();
    }
  }
}
