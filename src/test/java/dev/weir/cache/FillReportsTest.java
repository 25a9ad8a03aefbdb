package dev.weir.cache;

import static dev.weir.cache.CacheHarness.await;
import static dev.weir.cache.CacheHarness.key;
import static dev.weir.cache.CacheHarness.storing;
import static dev.weir.cache.CacheHarness.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillEvents;
import dev.weir.fill.FillPlan;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.StoredResponse;
import dev.weir.origin.OriginRequest;
import dev.weir.origin.OriginTimeouts;
import dev.weir.store.HeldEntry;
import dev.weir.store.Holding;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/** What a node reports to keepers whose words are lost. */
class FillReportsTest {
  private static final NodeId SELF = new NodeId("n1");
  private static final CacheSettings SETTINGS =
      CacheSettings.from(
          CacheHarness.room(
              "cache", "weir.cache { answer-timeout = 100 ms, store-timeout = 50 ms }"));

  private final BlockingQueue<KeeperCommand> told = new LinkedBlockingQueue<>();
  private final List<HeldEntry> held = new CopyOnWriteArrayList<>();
  private final List<FillId> accepted = new CopyOnWriteArrayList<>();
  private final Replies replies = new Replies(60_000);
  private final Grant grant = new Grant(key(), FillId.random(), Epoch.FIRST, SELF);
  private final FillReports reports = reports();

  private FillReports reports() {
    KeeperMetrics metrics = new KeeperMetrics();
    CompletableFuture<KeeperLink> link = CompletableFuture.completedFuture(new Link());
    return new FillReports(
        SETTINGS,
        new LoneFlights(SETTINGS, SELF, new KeeperStore(null, 50)),
        replies,
        new Questions(SETTINGS, metrics),
        new FillSlots(SETTINGS),
        metrics,
        new Held(),
        () -> link);
  }

  private final class Link implements KeeperLink {
    @Override
    public void send(PrimaryKey key, KeeperCommand command) {
      told.add(command);
    }

    @Override
    public ActorRef<NodeMessage> node() {
      return null;
    }

    @Override
    public NodeId nodeId() {
      return SELF;
    }
  }

  /** Holds whatever it is given. */
  private final class Held implements Holding {
    @Override
    public boolean concerns(Entry entry) {
      return true;
    }

    @Override
    public CompletionStage<Optional<String>> hold(HeldEntry entry) {
      held.add(entry);
      return CompletableFuture.completedStage(Optional.empty());
    }

    @Override
    public void accepted(FillId tag) {
      accepted.add(tag);
    }

    @Override
    public void release(FillId tag) {
      held.removeIf(one -> one.entry().tag().equals(tag));
    }

    @Override
    public List<HeldEntry> held() {
      return List.copyOf(held);
    }

    @Override
    public void announceBy(Announcer announcer) {}

    @Override
    public Optional<String> full() {
      return Optional.empty();
    }
  }

  private Entry entry() {
    StoredResponse response = new StoredResponse(200, "", Headers.EMPTY, "GET", 1, 2);
    Body body = new Body.Inline(new byte[0]);
    return new Entry(
        grant.key(), VariantKey.NONE, "http://o/", response, body, Epoch.FIRST, grant.fill());
  }

  private CompletionStage<FillEvents.Commit> commit() {
    RequestHead head =
        new RequestHead("GET", "http", new Authority("origin.test", 80), "/x", Headers.EMPTY);
    OriginRequest request = OriginRequest.of(head, new OriginTimeouts(1000, 1000, 0));
    reports.begins(grant, new FillPlan(grant, request, storing("", List.of()), head.url(), false));
    return reports.commit(grant, entry(), List.of());
  }

  private KeeperCommand.Commit heardCommit() {
    try {
      for (; ; ) {
        KeeperCommand command = told.poll(5, TimeUnit.SECONDS);
        assertThat(command).as("what the keeper is told").isNotNull();
        if (command instanceof KeeperCommand.Commit commit) {
          return commit;
        }
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aHeldEntryWhoseKeeperWasLostWasNeitherBroughtToTheStoreNorLetGo() {
    // Given
    CompletionStage<FillEvents.Commit> committed = commit();
    KeeperCommand.Commit lost = heardCommit();

    // When
    KeeperCommand.Commit again = heardCommit();
    replies.committed(again.id(), new FillEvents.Commit.Done(again.entry()));

    // Then
    assertThat(again.held()).isTrue();
    assertThat(again.entry()).isEqualTo(lost.entry());
    assertThat(await(committed)).isEqualTo(new FillEvents.Commit.Done(again.entry()));
    assertThat(accepted).containsExactly(grant.fill());
  }

  @Test
  void aHeldEntryThatWasDroppedIsAnnouncedNoMore() throws InterruptedException {
    // Given
    CompletableFuture<FillEvents.Commit> committed = commit().toCompletableFuture();
    heardCommit();

    // When
    held.clear();

    // Then
    until(() -> replies.size() == 0);
    told.clear(); // it may have been announced once more before it was dropped
    assertThat(told.poll(300, TimeUnit.MILLISECONDS)).isNull();
    assertThat(committed).isNotDone();
  }

  @Test
  void repliesThatNeverCameWereAwaitedForEver() {
    // When
    CompletionStage<Boolean> settled = reports.durable(new HeldEntry(grant, entry(), List.of()));

    // Then
    assertThatThrownBy(() -> await(settled)).isNotNull();
    until(() -> replies.size() == 0);
  }
}
