package dev.weir.edge;

import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import dev.weir.wire.HeadParser;
import dev.weir.wire.RequestChannel;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.stream.Materializer;

/** What all connections of one listener share. */
final class EdgeContext {
  private final EdgeSettings settings;
  private final GuardSettings guard;
  private final EdgeParts parts;
  private final EdgeMetrics metrics;
  private final HeadParser heads;
  private final RequestMapping mapping;
  private final HttpLayer http;
  private final Materializer materializer;
  private final LiveConnections connections = new LiveConnections();
  private final AtomicLong connectionIds = new AtomicLong();

  EdgeContext(
      EdgeSettings settings,
      GuardSettings guard,
      EdgeParts parts,
      EdgeMetrics metrics,
      Materializer materializer) {
    this.settings = settings;
    this.guard = guard;
    this.parts = parts;
    this.metrics = metrics;
    this.heads = new HeadParser(guard);
    this.mapping = new RequestMapping(parts.role(), settings);
    this.materializer = materializer;
    this.http = new HttpLayer(this, materializer);
  }

  EdgeSettings settings() {
    return settings;
  }

  GuardSettings guard() {
    return guard;
  }

  GuardEvents guardEvents() {
    return parts.guardEvents();
  }

  EngineFactory engines() {
    return parts.engines();
  }

  Role role() {
    return parts.role();
  }

  /** What becomes of requests before the handler sees them. */
  RequestMapping mapping() {
    return mapping;
  }

  Tunneller tunneller() {
    return parts.tunneller();
  }

  ExchangeHandler handler() {
    return parts.handler();
  }

  Consumer<Authority> onConnect() {
    return parts.onConnect();
  }

  EdgeMetrics metrics() {
    return metrics;
  }

  HeadParser heads() {
    return heads;
  }

  HttpLayer http() {
    return http;
  }

  Materializer materializer() {
    return materializer;
  }

  LiveConnections connections() {
    return connections;
  }

  long nextConnectionId() {
    return connectionIds.incrementAndGet();
  }

  /** Names a refusal in the answer and in the log; not a secret. */
  String newId() {
    return Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
  }

  /** A CONNECT that follows other requests on the same connection. */
  EdgeResponse connectWithin(RequestChannel.Exchange exchange, ClientConnection connection) {
    Authority authority = exchange.head().authority();
    FirstBytes.Refuse refused = FirstBytes.refusal(parts.role(), settings, authority);
    if (refused != null) {
      metrics.onRefuse();
      return Problem.of(refused, newId()).response();
    }
    metrics.onConnect();
    if (!settings.passThroughHosts().contains(authority.host())) {
      parts.onConnect().accept(authority);
    }
    return new EdgeResponse.Switch(
        new ResponseHead(200, "Connection Established", Headers.EMPTY),
        FrontStage.insideTunnel(this, connection, authority));
  }
}
