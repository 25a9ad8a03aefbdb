package dev.weir.cache;

import dev.weir.cache.NodeMessage.About;
import dev.weir.entry.NodeId;
import dev.weir.origin.CircuitBreakers;
import dev.weir.origin.CircuitNews;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

/**
 * What nodes tell one another that is no key's business: which origins are left alone, and that
 * rules are to be read again. Told once and not acknowledged; a node that has just come is told
 * which origins are left alone.
 */
final class Neighbours {
  /** One message stays far below what the fabric carries. */
  private static final int ITEMS_PER_MESSAGE = 100;

  private static final Map<String, CircuitNews.Change> CHANGES =
      Map.of(
          "opened", CircuitNews.Change.OPENED,
          "answered", CircuitNews.Change.ANSWERED,
          "banned", CircuitNews.Change.BANNED,
          "unbanned", CircuitNews.Change.UNBANNED);

  private final NodeId self;
  private volatile @Nullable Fleet fleet;
  private volatile @Nullable CircuitBreakers breakers;
  private volatile Runnable readRules = () -> {};

  Neighbours(NodeId self) {
    this.self = self;
  }

  /** From now on these breakers hear of the others, and the others of them. */
  void share(CircuitBreakers own) {
    breakers = own;
    own.tellOthers(news -> toAll(new NodeMessage.OriginNews(List.of(about(news)))));
  }

  /** From now on this is run when another node has its rules read again. */
  void onReadRules(Runnable reading) {
    readRules = reading;
  }

  /**
   * Has the others read their rules again; those that cannot be reached find them by themselves.
   */
  void readRules(String version) {
    toAll(new NodeMessage.ReadRules(version));
  }

  void heardOfRules() {
    readRules.run();
  }

  void joined(Fleet joined) {
    fleet = joined;
    joined.onNewcomers(this::tellNewcomers);
  }

  void left() {
    fleet = null;
  }

  private void toAll(NodeMessage message) {
    Fleet now = fleet;
    if (now != null) {
      now.doors()
          .forEach(
              (node, door) -> {
                if (!node.equals(self)) {
                  door.tell(message);
                }
              });
    }
  }

  private void tellNewcomers(Collection<ActorRef<NodeMessage>> doors) {
    CircuitBreakers own = breakers;
    List<CircuitNews> all = own == null ? List.of() : own.all();
    for (int from = 0; from < all.size(); from += ITEMS_PER_MESSAGE) {
      List<CircuitNews> some = all.subList(from, Math.min(all.size(), from + ITEMS_PER_MESSAGE));
      NodeMessage message =
          new NodeMessage.OriginNews(some.stream().map(Neighbours::about).toList());
      doors.forEach(door -> door.tell(message));
    }
  }

  void heard(NodeMessage.OriginNews news) {
    CircuitBreakers own = breakers;
    if (own != null) {
      for (About item : news.items()) {
        CircuitNews.Change change = CHANGES.get(item.change());
        if (change != null) {
          own.hear(
              new CircuitNews(
                  item.origin(),
                  change,
                  item.remainingMillis(),
                  item.timedOut(),
                  item.cause(),
                  item.decidedAtMillis()));
        }
      }
    }
  }

  private static About about(CircuitNews news) {
    String change =
        switch (news.change()) {
          case OPENED -> "opened";
          case ANSWERED -> "answered";
          case BANNED -> "banned";
          case UNBANNED -> "unbanned";
        };
    return new About(
        news.origin(),
        change,
        news.remainingMillis(),
        news.timedOut(),
        news.cause(),
        news.decidedAtMillis());
  }
}
