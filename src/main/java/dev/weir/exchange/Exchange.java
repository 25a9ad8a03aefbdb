package dev.weir.exchange;

import dev.weir.edge.EdgeRequest;
import dev.weir.entry.VariantKey;
import dev.weir.http.RefreshRule;
import dev.weir.http.RequestDirectives;
import dev.weir.http.RequestHead;
import dev.weir.http.Sha224;
import dev.weir.http.Vary;
import dev.weir.policy.Credentials;
import dev.weir.policy.Effect;
import dev.weir.policy.VaryRules;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the phases: what is fixed when it arrives, and how often it has
 * come round. Its phases follow one another, so it is never used by two threads at once.
 */
final class Exchange {
  private static final String ONE_VARIANT = Sha224.hex("no field counts");

  final EdgeRequest edge;
  final String id;
  final long startMillis;
  final long startNanos;
  final RequestHead head;
  final Route route;
  final RequestDirectives directives;
  final boolean authorized;

  private final AtomicReference<@Nullable Runnable> onEnd = new AtomicReference<>();

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
    this.directives =
        route.storage().overrules(RefreshRule.Directive.CLIENT)
            ? directives.withoutReload()
            : directives;
    this.authorized = head.headers().has("Authorization");
  }

  /** This request's secondary key among responses that vary by these fields. */
  VariantKey variant(List<String> names) {
    if (names.isEmpty()) {
      return VariantKey.NONE;
    }
    VaryRules rules = route.effects().get(Effect.VARY);
    List<String> counting = rules == null ? names : rules.counting(names);
    // Of fields that do not count there is one variant, which is another thing than none.
    return new VariantKey(counting.isEmpty() ? ONE_VARIANT : Vary.digest(counting, head.headers()));
  }

  /** What goes to the origin, with the operator's credentials where a rule has some. */
  RequestHead credited(RequestHead sent) {
    Credentials ours = route.effects().get(Effect.CREDENTIALS);
    // In the clear everybody on the way could read them.
    return ours == null || !"https".equals(sent.scheme())
        ? sent
        : sent.withHeaders(sent.headers().with(ours.field(), ours.value()));
  }

  /** Its answer has ended; also where it is told twice. */
  void ended() {
    Runnable admitted = onEnd.getAndSet(null);
    if (admitted != null) {
      admitted.run();
    }
  }

  /** What is to be run when its answer has ended. */
  void whenEnded(Runnable admitted) {
    onEnd.set(admitted);
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
