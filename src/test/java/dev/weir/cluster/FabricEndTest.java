package dev.weir.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.testing.Eventually;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.artery.ArteryTransport;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.FutureConverters;

/** What becomes of a fabric's system that is to end, in a node without peers. */
class FabricEndTest {
  private static final int STREAM = 77;

  private final AtomicInteger ended = new AtomicInteger();
  private final List<ActorSystem<?>> begun = new CopyOnWriteArrayList<>();
  private FabricSystem fabric;

  @BeforeEach
  void aFabric() throws Exception {
    fabric =
        new FabricSystem(
            FabricSettings.from(
                ConfigFactory.parseString(
                        "weir.cluster { restart-delay = 100 ms, end-timeout = 500 ms }")
                    .withFallback(ConfigFactory.parseResources("reference/cluster.conf"))
                    .resolve()
                    .getConfig("weir.cluster")),
            null,
            (system, heard) -> begun.add(system),
            ended::incrementAndGet,
            refused -> {});
    fabric.start();
    Eventually.holds(() -> begun.size() == 1);
  }

  @AfterEach
  void stop() {
    fabric.stop().toCompletableFuture().join();
  }

  private static ArteryTransport remoting(ActorSystem<?> system) {
    ExtendedActorSystem extended = (ExtendedActorSystem) Adapter.toClassic(system);
    return (ArteryTransport) ((RemoteActorRefProvider) extended.provider()).transport();
  }

  @Test
  void aFabricThatEndsIsReplaced() throws Exception {
    // When
    begun.getFirst().terminate();

    // Then
    Eventually.holds(() -> begun.size() == 2);
    assertThat(ended).hasValue(1);
  }

  /** Found by a test of the fleet, one time in six: it was of no fleet from then on. */
  @Test
  void aFabricOneOfWhoseStreamsDidNotEndWasNeverReplaced() throws Exception {
    // Given a stream of its remoting that nothing ends
    ArteryTransport remoting = remoting(begun.getFirst());
    remoting.updateStreamMatValues(
        STREAM,
        new ArteryTransport.InboundStreamMatValues<>(
            NotUsed.getInstance(),
            FutureConverters.asScala(
                Source.never().runWith(Sink.ignore(), remoting.materializer()))));

    // When
    begun.getFirst().terminate();

    // Then
    Eventually.holds(() -> begun.size() == 2);
    assertThat(ended).hasValue(1);
    assertThat(begun.getFirst().getWhenTerminated().toCompletableFuture()).isDone();
  }
}
