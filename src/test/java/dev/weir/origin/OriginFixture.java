package dev.weir.origin;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.wire.GuardEvents;
import dev.weir.wire.GuardSettings;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/** Origins over real sockets to loopback, for one test class. */
final class OriginFixture {
  static final OriginTimeouts TIMEOUTS = new OriginTimeouts(5_000, 10_000, 0);

  /** No TLS is spoken. */
  static final ClientEngines NO_TLS =
      new ClientEngines() {
        @Override
        public SSLEngine engine(String host, int port) {
          throw new IllegalStateException("no TLS here");
        }

        @Override
        public String explain(Throwable failure) {
          return "no TLS here";
        }
      };

  final ActorSystem system =
      ActorSystem.create(
          "origins",
          ConfigFactory.parseString(
                  "pekko.loglevel=WARNING, pekko.stdout-loglevel=WARNING,"
                      + " pekko.jvm-exit-on-fatal-error=off, pekko.daemonic=on")
              .withFallback(ConfigFactory.load()));

  static Config room(String overrides) {
    return ConfigFactory.parseString("weir.origin { " + overrides + " }")
        .withFallback(ConfigFactory.parseResources("reference/origin.conf"))
        .resolve()
        .getConfig("weir.origin");
  }

  static OriginSettings settings(String overrides) {
    return OriginSettings.from(room(overrides));
  }

  static EgressGate loopbackGate(OriginSettings settings) {
    return new EgressGate(
        EgressRules.forwardProxy("", "127.0.0.0/8"),
        new OwnListeners(settings.egress().ownAddressesMillis()),
        name ->
            CompletableFuture.failedFuture(
                new OriginFailure(OriginFailure.Kind.RESOLVE, "no such name", null)),
        settings.egress().maxAddresses());
  }

  PekkoOrigins origins(String overrides) {
    return origins(overrides, NO_TLS, System::nanoTime);
  }

  PekkoOrigins origins(String overrides, ClientEngines engines, LongSupplier nanoTime) {
    OriginSettings settings = settings(overrides);
    return origins(settings, engines, loopbackGate(settings), nanoTime);
  }

  PekkoOrigins origins(
      OriginSettings settings, ClientEngines engines, EgressGate gate, LongSupplier nanoTime) {
    Config guard =
        ConfigFactory.parseResources("reference/guard.conf").resolve().getConfig("weir.guard");
    return new PekkoOrigins(
        system, settings, GuardSettings.from(guard), GuardEvents.NONE, engines, gate, nanoTime);
  }

  static OriginRequest get(Authority authority, String target) {
    return request("GET", "http", authority, target, TIMEOUTS);
  }

  static OriginRequest request(
      String method, String scheme, Authority authority, String target, OriginTimeouts timeouts) {
    return OriginRequest.of(
        new RequestHead(method, scheme, authority, target, Headers.EMPTY), timeouts);
  }

  static <T> T await(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  /** The failure a stage ends with. */
  static OriginFailure failure(CompletionStage<?> stage)
      throws InterruptedException, TimeoutException {
    try {
      Object value = stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
      throw new AssertionError("it did not fail but gave " + value);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OriginFailure known) {
        return known;
      }
      throw new AssertionError("it failed otherwise", e.getCause());
    }
  }

  CompletionStage<ByteString> whole(OriginResponse response) {
    return response
        .body()
        .runWith(Sink.fold(ByteString.emptyByteString(), ByteString::concat), system);
  }

  String text(OriginResponse response) throws Exception {
    return await(whole(response)).decodeString(java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  static void until(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 10_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not come to pass within 10 s");
      }
      Thread.sleep(5);
    }
  }

  void close() throws Exception {
    system.terminate();
    await(system.getWhenTerminated());
  }
}
