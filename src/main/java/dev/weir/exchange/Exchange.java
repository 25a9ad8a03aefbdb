package dev.weir.exchange;

import dev.weir.edge.EdgeRequest;
import dev.weir.entry.VariantKey;
import dev.weir.http.RequestDirectives;
import dev.weir.http.RequestHead;
import dev.weir.http.Vary;
import java.util.List;

/**
 * One request on its way through the phases: what is fixed when it arrives, and how often it has
 * come round. Its phases follow one another, so it is never used by two threads at once.
 */
final class Exchange {
  final EdgeRequest edge;
  final String id;
  final long startMillis;
  final long startNanos;
  final RequestHead head;
  final Route route;
  final RequestDirectives directives;
  final boolean authorized;

  /** How often the cache was asked. */
  private int rounds;

  private boolean resent;

  /** A variant of the key was seen that is not this request's. */
  boolean variantMissed;

  /** The whole is known to be too large for a fill that a range starts: its Range is sent on. */
  boolean forwardsRange;

  /** It has waited for a part that was about to be stored. */
  boolean awaitedPart;

  /** Its entry could not be read. */
  boolean bodyLost;

  Exchange(
      EdgeRequest edge,
      String id,
      long startMillis,
      RequestHead head,
      Route route,
      RequestDirectives directives) {
    this.edge = edge;
    this.id = id;
    this.startMillis = startMillis;
    this.startNanos = System.nanoTime();
    this.head = head;
    this.route = route;
    this.directives = directives;
    this.authorized = head.headers().has("Authorization");
  }

  /** This request's secondary key among responses that vary by these fields. */
  VariantKey variant(List<String> names) {
    return names.isEmpty() ? VariantKey.NONE : new VariantKey(Vary.digest(names, head.headers()));
  }

  /** Counts a round; false when there have been enough. */
  boolean mayGoRound(int maxRounds) {
    return ++rounds <= maxRounds;
  }

  /** Whether it may be sent once more after a connection died under it; true once. */
  boolean mayResend() {
    boolean first = !resent;
    resent = true;
    return first;
  }

  /** Whether other requests' answers may be waited for (RFC 9111 3.5). */
  boolean mayWait() {
    return !authorized || route.storage().storeAuthorized();
  }
}
