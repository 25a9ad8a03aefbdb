package dev.weir.cache;

import dev.weir.entry.FillId;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
import dev.weir.fill.FillHead;
import dev.weir.fill.FillIntent;
import dev.weir.fill.Fills;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's copies of fills that other nodes lead. One stream per fill crosses the network; all
 * requests of this node read the copy. A leader that cannot be reached is asked for again by the
 * keeper's word, for the keeper names another if it is dead: nobody goes to the origin meanwhile.
 */
final class PeerFollowing {
  private static final Logger LOG = LoggerFactory.getLogger(PeerFollowing.class);

  private final ConcurrentHashMap<PrimaryKey, Fill> byKey = new ConcurrentHashMap<>();

  /** Of a key that varies there may be several. */
  private final Set<Fill> copies = ConcurrentHashMap.newKeySet();

  private final CacheSettings settings;
  private final Consumer<FillId> ended;

  /**
   * @param ended told when a copy has ended
   */
  PeerFollowing(CacheSettings settings, Consumer<FillId> ended) {
    this.settings = settings;
    this.ended = ended;
  }

  /**
   * @param head what to do once the fill's head is known
   * @param again how to ask the keeper once more
   */
  void follow(
      Asker asker,
      FillId id,
      NodeId leader,
      Fills fills,
      BiConsumer<Fill, FillHead> head,
      Consumer<Asker> again) {
    fills
        .follow(id, leader, asker.question().terms())
        .whenComplete(
            (fill, failed) -> {
              if (fill == null) {
                LOG.info(
                    "Fill {} cannot be followed at {}: {}",
                    id.text(),
                    leader.text(),
                    cause(failed));
                later(() -> again.accept(asker));
                return;
              }
              PrimaryKey key = asker.question().key();
              byKey.putIfAbsent(key, fill);
              if (copies.add(fill)) {
                fill.end()
                    .thenRun(
                        () -> {
                          copies.remove(fill);
                          byKey.remove(key, fill);
                          ended.accept(fill.id());
                        });
              }
              fill.head().thenAccept(known -> head.accept(fill, known));
            });
  }

  /** The copy that runs here and is this question's answer, or null. */
  @Nullable Fill answering(Question question) {
    Fill fill = byKey.get(question.key());
    if (fill == null || question.intent() == Question.Intent.REPLACE) {
      return null;
    }
    FillHead known = fill.head().toCompletableFuture().getNow(null);
    boolean own =
        known instanceof FillHead.Streaming streaming
            && streaming.intent()
                instanceof FillIntent.Store(var response, VariantKey variant, List<String> vary)
            && question.variant().apply(vary).equals(variant);
    return own ? fill : null;
  }

  /** The key has changed: what is read along goes on, but answers no question any more. */
  void forget(PrimaryKey key) {
    byKey.remove(key);
  }

  private static String cause(@Nullable Throwable failed) {
    Throwable cause =
        failed instanceof CompletionException && failed.getCause() != null
            ? failed.getCause()
            : failed;
    return String.valueOf(cause);
  }

  private void later(Runnable action) {
    CompletableFuture.delayedExecutor(settings.reaskMillis(), TimeUnit.MILLISECONDS)
        .execute(action);
  }
}
