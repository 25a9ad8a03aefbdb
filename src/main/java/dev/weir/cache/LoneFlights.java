package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.FillIntent;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The node's own single-flight, for when no keeper answers: what is stored is served from the store
 * itself; else the first request of a key fetches and the others follow. Such a fill has a grant of
 * no keeper and never commits under it.
 */
final class LoneFlights {
  /** No keeper ever grants under this epoch. */
  private static final Epoch LOCAL = new Epoch(-1);

  private final ConcurrentHashMap<PrimaryKey, Flight> flights = new ConcurrentHashMap<>();
  private final Set<FillId> local = ConcurrentHashMap.newKeySet();
  private final CacheSettings settings;
  private final NodeId nodeId;
  private final KeeperStore store;

  LoneFlights(CacheSettings settings, NodeId nodeId, KeeperStore store) {
    this.settings = settings;
    this.nodeId = nodeId;
    this.store = store;
  }

  /** The fill that others of its key may follow; {@code intent} is null until its head. */
  private record Flight(Grant grant, boolean begun, @Nullable FillIntent intent, long sinceNanos) {}

  /** Serves from the store, else by single-flight. */
  void fromStore(Asker asker, BiConsumer<Asker, FillId> follow) {
    store
        .load(asker.question().key())
        .whenComplete(
            (stored, failed) -> {
              Entry entry = stored == null ? null : find(stored, asker.question());
              if (entry != null && isAnswer(entry, asker.question())) {
                asker.answer(new Verdict.Serve(entry));
              } else {
                fly(asker, follow, entry == null ? asker.question().held() : entry);
              }
            });
  }

  private static @Nullable Entry find(StoredKey stored, Question question) {
    VariantKey wanted =
        stored.vary().isEmpty() ? VariantKey.NONE : question.variant().apply(stored.vary());
    return stored.entries().stream()
        .map(StoredKey.StoredEntry::entry)
        .filter(entry -> entry.variant().equals(wanted))
        .findFirst()
        .orElse(null);
  }

  private static boolean isAnswer(Entry entry, Question question) {
    Entry held = question.held();
    return switch (question.intent()) {
      case LOOK -> true;
      case REPLACE -> false;
      case VALIDATE, BACKGROUND -> held == null || isNewer(entry, held);
    };
  }

  private static boolean isNewer(Entry entry, Entry held) {
    return !held.tag().equals(entry.tag())
        || entry.response().responseTimeMillis() > held.response().responseTimeMillis();
  }

  /** By single-flight alone. */
  void withoutStore(Asker asker, BiConsumer<Asker, FillId> follow) {
    fly(asker, follow, asker.question().held());
  }

  /**
   * Leads or follows.
   *
   * @param held what is stored, to be validated, and to fall back on if the origin fails
   */
  private void fly(Asker asker, BiConsumer<Asker, FillId> follow, @Nullable Entry held) {
    Question question = asker.question();
    if (question.intent() == Question.Intent.BACKGROUND) {
      // What it would bring could not be kept: later, when there is a keeper.
      asker.answer(new Verdict.Pass("no-keeper"));
      return;
    }
    Grant fresh = new Grant(question.key(), FillId.random(), LOCAL, nodeId);
    if (question.mayWait()) {
      Flight mine = new Flight(fresh, false, null, System.nanoTime());
      Flight flown =
          flights.compute(
              question.key(),
              (key, other) -> other != null && mayJoin(other, question) ? other : mine);
      if (!flown.grant().equals(fresh)) {
        follow.accept(asker, flown.grant().fill());
        return;
      }
    }
    local.add(fresh.fill());
    asker.answer(held == null ? new Verdict.Lead(fresh) : new Verdict.Validate(fresh, held));
  }

  private boolean mayJoin(Flight flight, Question question) {
    if (!flight.begun()) {
      long ageNanos = System.nanoTime() - flight.sinceNanos();
      return ageNanos < settings.leaderSilenceMillis() * 1_000_000;
    }
    if (question.intent() == Question.Intent.REPLACE) {
      return false;
    }
    return switch (flight.intent()) {
      case null -> true;
      case FillIntent.Store(var response, VariantKey variant, List<String> vary) ->
          question.variant().apply(vary).equals(variant);
      case FillIntent.Refresh refresh -> true;
      case FillIntent.StorePart part -> false;
      case FillIntent.Share share -> false;
      case FillIntent.Relay relay -> false;
    };
  }

  /** A fill begins; true if its grant is one of ours. */
  boolean begins(Grant grant) {
    flights.computeIfPresent(
        grant.key(),
        (key, flight) ->
            flight.grant().equals(grant)
                ? new Flight(grant, true, null, flight.sinceNanos())
                : flight);
    return local.contains(grant.fill());
  }

  void headed(Grant grant, FillIntent intent) {
    flights.computeIfPresent(
        grant.key(),
        (key, flight) ->
            flight.grant().equals(grant)
                ? new Flight(grant, true, intent, flight.sinceNanos())
                : flight);
  }

  void ended(Grant grant) {
    local.remove(grant.fill());
    flights.computeIfPresent(
        grant.key(), (key, flight) -> flight.grant().equals(grant) ? null : flight);
  }

  /** The key has changed: later requests do not join what runs. */
  void forget(PrimaryKey key) {
    flights.remove(key);
  }

  /** A grant handed back unused; true if it is one of ours. */
  boolean release(Grant grant) {
    boolean ours = local.contains(grant.fill());
    ended(grant);
    return ours;
  }

  /** The fills that have a grant of ours, begun or about to. */
  Set<FillId> own() {
    return Set.copyOf(local);
  }

  /** The local fill of a key that has begun, or null. */
  @Nullable FillId running(PrimaryKey key) {
    Flight flight = flights.get(key);
    return flight != null && flight.begun() ? flight.grant().fill() : null;
  }
}
