package dev.weir.cache;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;
import dev.weir.entry.PrimaryKey;
import dev.weir.entry.VariantKey;
import dev.weir.fill.Fill;
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

  /**
   * The fill that others of its key may follow.
   *
   * @param intent null until its head
   * @param known the key's epoch in the store when it began; null if the store did not say
   */
  private record Flight(
      Grant grant,
      boolean begun,
      @Nullable FillIntent intent,
      @Nullable Epoch known,
      long sinceNanos,
      long sinceMillis) {

    static Flight of(Grant grant, @Nullable Epoch known) {
      return new Flight(grant, false, null, known, System.nanoTime(), System.currentTimeMillis());
    }

    Flight as(boolean begun, @Nullable FillIntent intent) {
      return new Flight(grant, begun, intent, known, sinceNanos, sinceMillis);
    }

    /** Whether the key may have been purged since, unheard by this node. */
    boolean isOutdatedBy(@Nullable Epoch stored, long skewMillis) {
      if (stored == null) {
        return false;
      }
      return known == null
          ? stored.mayBeginAfter(sinceMillis, skewMillis)
          : known.compareTo(stored) < 0;
    }
  }

  /**
   * Serves from the copy of another node's fill or from the store, else by single-flight. The store
   * is asked in any case: it alone knows of a purge that this node has not heard of.
   *
   * @param copy runs here and is the question's answer, unless its key has been purged; or null
   */
  void fromStore(Asker asker, @Nullable Fill copy, BiConsumer<Asker, FillId> follow) {
    store
        .load(asker.question().key())
        .whenComplete(
            (stored, failed) -> {
              Epoch epoch = stored == null ? null : stored.epoch();
              if (copy != null && !isOlder(copy, epoch)) {
                asker.answer(new Verdict.Follow(copy));
                return;
              }
              Entry entry = stored == null ? null : find(stored, asker.question());
              if (entry != null && isAnswer(entry, asker.question())) {
                asker.answer(new Verdict.Serve(entry));
              } else {
                fly(asker, follow, entry == null ? held(asker.question(), epoch) : entry, epoch);
              }
            });
  }

  private static boolean isOlder(Fill copy, @Nullable Epoch stored) {
    Epoch granted = copy.epoch();
    return stored != null && (granted == null || granted.compareTo(stored) < 0);
  }

  /** What the request has found before, unless it has been purged since. */
  private static @Nullable Entry held(Question question, @Nullable Epoch stored) {
    Entry held = question.held();
    boolean purged = held != null && stored != null && held.epoch().compareTo(stored) < 0;
    return purged ? null : held;
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
    fly(asker, follow, asker.question().held(), null);
  }

  /**
   * Leads or follows.
   *
   * @param held what is stored, to be validated, and to fall back on if the origin fails
   * @param epoch the key's, by the store; null if it does not say
   */
  private void fly(
      Asker asker, BiConsumer<Asker, FillId> follow, @Nullable Entry held, @Nullable Epoch epoch) {
    Question question = asker.question();
    if (question.intent() == Question.Intent.BACKGROUND) {
      // What it would bring could not be kept: later, when there is a keeper.
      asker.answer(new Verdict.Pass("no-keeper"));
      return;
    }
    Grant fresh = new Grant(question.key(), FillId.random(), LOCAL, nodeId);
    if (question.mayWait()) {
      Flight mine = Flight.of(fresh, epoch);
      Flight flown =
          flights.compute(
              question.key(),
              (key, other) -> other != null && mayJoin(other, question, epoch) ? other : mine);
      if (!flown.grant().equals(fresh)) {
        follow.accept(asker, flown.grant().fill());
        return;
      }
    }
    local.add(fresh.fill());
    asker.answer(held == null ? new Verdict.Lead(fresh) : new Verdict.Validate(fresh, held));
  }

  private boolean mayJoin(Flight flight, Question question, @Nullable Epoch epoch) {
    if (flight.isOutdatedBy(epoch, settings.clockSkewMillis())) {
      return false;
    }
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
        (key, flight) -> flight.grant().equals(grant) ? flight.as(true, null) : flight);
    return local.contains(grant.fill());
  }

  void headed(Grant grant, FillIntent intent) {
    flights.computeIfPresent(
        grant.key(),
        (key, flight) -> flight.grant().equals(grant) ? flight.as(true, intent) : flight);
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
