package dev.weir.cache;

import static dev.weir.cache.CacheHarness.key;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Purges whose keeper does not answer. */
class KeyChangesTest {
  private static final NodeId OTHER = new NodeId("other:1/run");
  private static final CacheSettings SETTINGS =
      CacheSettings.from(
          ConfigFactory.parseString("weir.cache.keeper-tick = 20 ms")
              .withFallback(ConfigFactory.parseResources("reference/cache.conf"))
              .resolve()
              .getConfig("weir.cache"));

  private final BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();
  private final Replies replies = new Replies(60_000);
  private volatile Set<NodeId> peers = Set.of(OTHER);

  private KeyChanges changes(CacheHarness node) {
    ActorRef<NodeMessage> door = Adapter.toTyped(node.data.deadLetters());
    KeeperLink keepers =
        new KeeperLink() {
          @Override
          public void send(PrimaryKey key, KeeperCommand command) {
            told.add(command);
          }

          @Override
          public ActorRef<NodeMessage> node() {
            return door;
          }

          @Override
          public NodeId nodeId() {
            return new NodeId("self:1/run");
          }

          @Override
          public Set<NodeId> peers() {
            return peers;
          }
        };
    return new KeyChanges(SETTINGS, replies, () -> CompletableFuture.completedFuture(keepers));
  }

  private CompletionStage<Boolean> purge(CacheHarness node) {
    return changes(node)
        .tell(key(), (id, keepers) -> new KeeperCommand.Invalidate(id, keepers.node()));
  }

  @Test
  void aPurgeWasLostWithTheNodeOfItsKeeperAndOthersServedOn(@TempDir Path folder) throws Exception {
    try (CacheHarness node = new CacheHarness(folder, "")) {
      // Given
      CompletionStage<Boolean> purged = purge(node);
      KeeperCommand first = told.poll(5, TimeUnit.SECONDS);

      // When
      peers = Set.of();

      // Then
      assertThat(told.poll(5, TimeUnit.SECONDS)).isEqualTo(first).isNotNull();
      replies.done(((KeeperCommand.Invalidate) first).id(), true);
      assertThat(CacheHarness.await(purged)).isTrue();
    }
  }

  @Test
  void aKeeperThatOnlyTakesItsTimeIsToldOnce(@TempDir Path folder) throws Exception {
    try (CacheHarness node = new CacheHarness(folder, "")) {
      // Given
      CompletionStage<Boolean> purged = purge(node);
      KeeperCommand first = told.poll(5, TimeUnit.SECONDS);

      // When
      peers = Set.of(OTHER, new NodeId("new:1/run"));

      // Then
      assertThat(told.poll(300, TimeUnit.MILLISECONDS)).isNull();
      replies.done(((KeeperCommand.Invalidate) first).id(), true);
      assertThat(CacheHarness.await(purged)).isTrue();
    }
  }
}
