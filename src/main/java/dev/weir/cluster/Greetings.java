package dev.weir.cluster;

import dev.weir.tls.ForeignPeerException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the nodes to join by say of themselves, and whether this one can be of one fleet with them.
 */
final class Greetings {
  private static final Logger LOG = LoggerFactory.getLogger(Greetings.class);

  /** The answer of a node. */
  sealed interface Greeting {
    String node();

    record Said(String node, Hello hello) implements Greeting {}

    /** It is of another peer CA, so that neither can speak to the other. */
    record Foreign(String node, String why) implements Greeting {}

    /** Its machine answers, and no node runs there. */
    record Nobody(String node) implements Greeting {}

    record Silent(String node, String why) implements Greeting {}
  }

  private Greetings() {}

  /** Asks all of them but this node at once and waits: on a thread that is there for it. */
  static List<Greeting> of(FabricSystem.Peers peers, List<FleetSettings.Seed> seeds) {
    return seeds.stream()
        .filter(seed -> !peers.fleet().isSelf(seed))
        .map(
            seed ->
                peers
                    .client()
                    .hello(seed)
                    .handle(
                        (hello, failed) ->
                            greeting(seed.host() + ":" + seed.peerPort(), hello, failed))
                    .toCompletableFuture())
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  private static Greeting greeting(String node, @Nullable Hello hello, @Nullable Throwable failed) {
    if (hello != null) {
      return new Greeting.Said(node, hello);
    }
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof ForeignPeerException foreign) {
        return new Greeting.Foreign(node, String.valueOf(foreign.getMessage()));
      }
      if (String.valueOf(cause.getMessage()).contains("Connection refused")) {
        return new Greeting.Nobody(node);
      }
    }
    return new Greeting.Silent(node, Seeds.reason(failed));
  }

  /**
   * Why this node cannot be one of their fleet, as a sentence; null if it may try.
   *
   * <p>A node that is not one of the fleet itself refuses nobody: it may be the one that is wrong.
   * And where some agree, a single other with a peer CA of its own is the stranger.
   */
  static @Nullable String difference(Hello own, List<Greeting> greetings) {
    String strange = null;
    boolean agreed = false;
    for (Greeting greeting : greetings) {
      switch (greeting) {
        case Greeting.Said(String node, Hello hello) -> {
          String difference = own.differs(hello, node);
          if (difference != null && hello.speaksForItsFleet()) {
            return difference;
          }
          if (difference != null) {
            LOG.warn("{} is starting too, and differs: {}", node, difference);
          }
          agreed |= difference == null;
        }
        case Greeting.Foreign(String node, String why) -> {
          String difference =
              node
                  + " is of another fleet: "
                  + why
                  + "; give every node the folder that one `weir cluster init` made for it";
          LOG.warn("{}", difference);
          strange = difference;
        }
        case Greeting.Nobody(String node) -> LOG.info("{} is not running yet", node);
        case Greeting.Silent(String node, String why) ->
            LOG.info("{} does not answer yet: {}", node, why);
      }
    }
    return agreed ? null : strange;
  }
}
