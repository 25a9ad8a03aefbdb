package dev.weir.exchange;

import com.typesafe.config.ConfigFactory;
import dev.weir.edge.ClientConnection;
import dev.weir.edge.Edge;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.RawClient;
import dev.weir.filters.Filters;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.log.ExchangeRecord;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginSteps;
import dev.weir.policy.Entrance;
import dev.weir.policy.Policy;
import dev.weir.policy.PolicyTable;
import dev.weir.rules.RuleFiles;
import dev.weir.store.WholeObjects;
import dev.weir.testing.Eventually;
import dev.weir.testing.OriginServer;
import dev.weir.testing.ProxyClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.Done;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.RequestEntity;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Exchanges of one policy over the shared {@link World}, with an origin of their own. */
final class Rig implements AutoCloseable {
  /** What a client got. */
  record Got(int status, Headers headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    String cacheStatus() {
      return headers.combined("Cache-Status");
    }
  }

  final World world = World.get();
  final OriginServer origin = OriginServer.start();
  final List<ExchangeRecord> log = new CopyOnWriteArrayList<>();
  private final AtomicLong aheadMillis = new AtomicLong();
  private final CountedCache cache = new CountedCache(world.cache);
  private final Exchanges exchanges;
  private @Nullable Edge edge;

  Rig(Policy policy) {
    this(RuleFiles.defaults(policy), "");
  }

  Rig(PolicyTable policies, String overrides) {
    this(() -> policies, overrides);
  }

  Rig(Supplier<PolicyTable> policies, String overrides) {
    this(policies, overrides, Filters.NONE);
  }

  /** With a chain of filters. */
  Rig(Supplier<PolicyTable> policies, String overrides, Filters filters) {
    this(policies, overrides, filters, WholeObjects.NONE);
  }

  /** With bodies that clients may be sent for. */
  Rig(Supplier<PolicyTable> policies, String overrides, Filters filters, WholeObjects whole) {
    exchanges =
        new Exchanges(
            policies,
            head -> head,
            cache,
            world.stores.bodies(),
            world.origins,
            (head, connection) ->
                head.authority().host().equals("weir.internal")
                    ? CompletableFuture.completedFuture(
                        new Exchanges.Page(200, Headers.EMPTY, ByteString.fromString("ours")))
                    : null,
            ExchangeSettings.from(
                ConfigFactory.parseString(overrides)
                    .withFallback(world.rooms)
                    .getConfig("weir.exchange")),
            clock(),
            log::add,
            whole,
            filters,
            world.materializer());
  }

  /**
   * Returns when the cache has been asked that often in all. Who has asked by then has joined: the
   * keeper hears this node's questions before any head that comes later.
   */
  void awaitQuestions(int count) throws Exception {
    Eventually.holds(() -> cache.questions() >= count);
  }

  /** What stands round fetches that no exchange has made. */
  @Nullable OriginSteps stepsOfOthers(OriginRequest request) {
    return exchanges.stepsOfOthers(request);
  }

  int questions() {
    return cache.questions();
  }

  /** Opens a listener for real clients; the first call of the next three does so too. */
  synchronized Edge door() {
    try {
      if (edge == null) {
        edge = world.listen(exchanges, host -> fail("no TLS here"), origin.port());
      }
      return edge;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static SSLEngine fail(String why) {
    throw new IllegalStateException(why);
  }

  /** A request over a connection and by a thread of its own; fails if the response is cut. */
  CompletableFuture<ProxyClient.Response> client(String method, String target, String... fields) {
    ProxyClient client = new ProxyClient(door().address());
    CompletableFuture<ProxyClient.Response> heard = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                heard.complete(client.send(method, origin.url(target), null, fields));
              } catch (IOException | RuntimeException e) {
                heard.completeExceptionally(e);
              }
            });
    return heard;
  }

  List<CompletableFuture<ProxyClient.Response>> clients(
      int count, String target, String... fields) {
    return IntStream.range(0, count).mapToObj(i -> client("GET", target, fields)).toList();
  }

  /** A connection that has sent a GET, for a client that does not stay. */
  RawClient begun(String target, String... lines) {
    StringBuilder head = new StringBuilder("GET " + origin.url(target) + " HTTP/1.1\r\n");
    head.append("Host: 127.0.0.1:").append(origin.port()).append("\r\n");
    for (String line : lines) {
      head.append(line).append("\r\n");
    }
    return RawClient.connect(door().address().getPort()).send(head + "\r\n");
  }

  /** The real time and what a test adds: origins cannot be moved in time, entries can. */
  private Clock clock() {
    return new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return Instant.ofEpochMilli(millis());
      }

      @Override
      public long millis() {
        return System.currentTimeMillis() + aheadMillis.get();
      }
    };
  }

  void pass(long seconds) {
    aheadMillis.addAndGet(seconds * 1000);
  }

  /** Whether every fill has come to its end. */
  boolean nothingRuns() {
    return world.fills.count() == 0;
  }

  Got get(String target, String... headers) {
    return send("GET", target, headers);
  }

  Got send(String method, String target, String... headers) {
    return finish(begin(method, target, new CompletableFuture<>(), headers));
  }

  /** What a GET gets that comes by that entrance. */
  Got through(Entrance entrance, String target, String... headers) {
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    EdgeRequest request =
        new EdgeRequest(
            new RequestHead("GET", "http", origin.authority(), target, Headers.of(headers)),
            HttpEntities.EMPTY,
            new ClientConnection(here, here, null, 1),
            new CompletableFuture<>(),
            (ResponseHead interim) -> {});
    return finish(exchanges.through(entrance).handle(request).toCompletableFuture());
  }

  Got ownHost() {
    Authority own = new Authority("weir.internal", 80);
    return finish(
        handle(
            new RequestHead("GET", "http", own, "/", Headers.of("Host", "weir.internal")),
            HttpEntities.EMPTY,
            new CompletableFuture<>()));
  }

  CompletableFuture<EdgeResponse> begin(
      String method, String target, CompletableFuture<Done> gone, String... headers) {
    return begin(method, target, HttpEntities.EMPTY, gone, headers);
  }

  CompletableFuture<EdgeResponse> begin(
      String method,
      String target,
      RequestEntity entity,
      CompletableFuture<Done> gone,
      String... headers) {
    List<String> fields = new ArrayList<>(List.of("Host", "127.0.0.1:" + origin.port()));
    fields.addAll(List.of(headers));
    return handle(
        new RequestHead(
            method, "http", origin.authority(), target, Headers.of(fields.toArray(String[]::new))),
        entity,
        gone);
  }

  private CompletableFuture<EdgeResponse> handle(
      RequestHead head, RequestEntity entity, CompletableFuture<Done> gone) {
    InetSocketAddress here = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
    ClientConnection connection = new ClientConnection(here, here, null, 1);
    return exchanges
        .handle(new EdgeRequest(head, entity, connection, gone, (ResponseHead interim) -> {}))
        .toCompletableFuture();
  }

  /** Reads the answer to its end. */
  Got finish(CompletableFuture<EdgeResponse> begun) {
    try {
      EdgeResponse.Full full = (EdgeResponse.Full) begun.get(30, TimeUnit.SECONDS);
      byte[] body =
          full.entity()
              .toStrict(30_000, Long.MAX_VALUE, world.system)
              .toCompletableFuture()
              .get(30, TimeUnit.SECONDS)
              .getData()
              .toArray();
      return new Got(full.head().status(), full.head().headers(), body);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    if (edge != null) {
      edge.drain(Duration.ofMillis(1)).toCompletableFuture();
    }
    origin.close();
  }
}
