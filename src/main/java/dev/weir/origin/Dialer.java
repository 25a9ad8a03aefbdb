package dev.weir.origin;

import dev.weir.http.Authority;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.apache.pekko.Done;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to judged addresses, one after the other until one is ready. An address that is
 * silent while others are left is given a share of the time only.
 */
final class Dialer {
  private final ConnectionLayers layers;
  private final OriginSettings settings;
  private final OriginMetrics metrics;
  private final ClientEngines engines;
  private final Materializer materializer;
  private final LongSupplier nanoTime;

  Dialer(
      ConnectionLayers layers,
      OriginSettings settings,
      OriginMetrics metrics,
      ClientEngines engines,
      Materializer materializer,
      LongSupplier nanoTime) {
    this.layers = layers;
    this.settings = settings;
    this.metrics = metrics;
    this.engines = engines;
    this.materializer = materializer;
    this.nanoTime = nanoTime;
  }

  /** One try: what it leads to, when that is ready, and how to give it up. */
  record Attempt<T>(T opened, CompletionStage<Done> ready, Consumer<Throwable> giveUp) {}

  /** An admitted connection of that owner; fails with {@link OriginFailure}. */
  CompletableFuture<OriginConnection> connect(
      String scheme,
      Authority authority,
      List<InetSocketAddress> addresses,
      long leftNanos,
      ConnectionTerms terms,
      OriginConnection.Owner owner) {
    List<InetSocketAddress> reachable = reachable(addresses, terms.localAddress());
    return reachable.isEmpty()
        ? CompletableFuture.failedFuture(
            new OriginFailure(
                OriginFailure.Kind.CONNECT,
                "None of the addresses of "
                    + authority.host()
                    + " can be reached from the one set.",
                null))
        : dial(
                authority,
                reachable,
                leftNanos,
                address -> attempt(scheme, authority, address, terms, owner))
            .thenApply(this::admitted);
  }

  /** Those of the family of the address that we come from. */
  private static List<InetSocketAddress> reachable(
      List<InetSocketAddress> addresses, @Nullable InetAddress from) {
    return from == null
        ? addresses
        : addresses.stream()
            .filter(address -> address.getAddress().getClass() == from.getClass())
            .toList();
  }

  private OriginConnection admitted(OriginConnection connection) {
    if (!connection.admit()) {
      throw new OriginFailure(
          OriginFailure.Kind.CONNECT, "The origin closed the connection at once.", null);
    }
    metrics.opened.increment();
    return connection;
  }

  private Attempt<OriginConnection> attempt(
      String scheme,
      Authority authority,
      InetSocketAddress address,
      ConnectionTerms terms,
      OriginConnection.Owner owner) {
    ConnectionLayers.Wired wired = layers.wire(scheme, authority, address, terms);
    OriginPort port = new OriginPort(address, wired.channel(), owner, settings, metrics, nanoTime);
    Pair<OriginConnection, CompletionStage<Done>> running =
        Flow.fromGraph(port).joinMat(wired.flow(), Keep.both()).run(materializer);
    return new Attempt<>(running.first(), running.second(), running.first()::close);
  }

  /** Tries the addresses in order within the time that is left. */
  <T> CompletableFuture<T> dial(
      Authority authority,
      List<InetSocketAddress> addresses,
      long leftNanos,
      Function<InetSocketAddress, Attempt<T>> start) {
    CompletableFuture<T> result = new CompletableFuture<>();
    long untilNanos = leftNanos == Long.MAX_VALUE ? 0 : nanoTime.getAsLong() + leftNanos;
    next(authority, addresses, untilNanos, leftNanos != Long.MAX_VALUE, start, result);
    return result;
  }

  private <T> void next(
      Authority authority,
      List<InetSocketAddress> addresses,
      long untilNanos,
      boolean limited,
      Function<InetSocketAddress, Attempt<T>> start,
      CompletableFuture<T> result) {
    InetSocketAddress address = addresses.getFirst();
    List<InetSocketAddress> rest = addresses.subList(1, addresses.size());
    long left = limited ? untilNanos - nanoTime.getAsLong() : Long.MAX_VALUE;
    if (left <= 0) {
      result.completeExceptionally(Failures.connectTimeout(authority.host()));
      return;
    }
    long share =
        rest.isEmpty() ? left : Math.min(left, settings.connect().attemptMillis() * 1_000_000);
    Attempt<T> attempt;
    try {
      attempt = start.apply(address);
    } catch (RuntimeException e) {
      result.completeExceptionally(Failures.ofConnect(e, authority, address, engines));
      return;
    }
    Outcomes.of(
        within(share, attempt.ready()),
        done -> result.complete(attempt.opened()),
        thrown -> {
          OriginFailure failure = Failures.ofConnect(thrown, authority, address, engines);
          attempt.giveUp().accept(failure);
          if (rest.isEmpty() || failure.kind() == OriginFailure.Kind.TLS) {
            result.completeExceptionally(failure);
          } else {
            next(authority, rest, untilNanos, limited, start, result);
          }
        });
  }

  private static CompletableFuture<Done> within(long nanos, CompletionStage<Done> ready) {
    CompletableFuture<Done> limited = new CompletableFuture<>();
    Outcomes.of(ready, limited::complete, limited::completeExceptionally);
    return nanos == Long.MAX_VALUE ? limited : limited.orTimeout(nanos, TimeUnit.NANOSECONDS);
  }
}
