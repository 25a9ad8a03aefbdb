package dev.weir.cache;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.entry.FillId;
import dev.weir.fill.Fill;
import dev.weir.fill.Fills;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where followers of this node meet the fill they are to follow, whichever comes first: the leader
 * is told of its grant and its followers of the fill's id at the same moment.
 */
final class FillSlots {
  private final ConcurrentHashMap<FillId, Slot> slots = new ConcurrentHashMap<>();
  private final CacheSettings settings;

  /** Fills that began here alone, by the id under which keepers know them. */
  private final ConcurrentHashMap<FillId, FillId> adopted = new ConcurrentHashMap<>();

  /** A follower may be told of a fill only after it was released. */
  private final com.github.benmanes.caffeine.cache.Cache<FillId, Boolean> released;

  FillSlots(CacheSettings settings) {
    this.settings = settings;
    this.released =
        Caffeine.newBuilder()
            .maximumSize(settings.nearRevocations())
            .expireAfterWrite(Duration.ofMillis(settings.followTimeoutMillis()))
            .executor(Runnable::run)
            .build();
  }

  private static final class Slot {
    final CompletableFuture<Fill> fill = new CompletableFuture<>();
    final CompletableFuture<Void> released = new CompletableFuture<>();
    final AtomicInteger followers = new AtomicInteger();

    CompletionStage<Fill> begun() {
      return fill;
    }

    CompletionStage<Void> wasReleased() {
      return released;
    }
  }

  /** Why a fill is no longer waited for. */
  static class ReleasedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ReleasedException() {
      this("its leader was replaced");
    }

    private ReleasedException(String message) {
      super(message, null, false, false);
    }
  }

  /** It broke here before that request came; its keeper seems not to know. */
  static final class BrokenException extends ReleasedException {
    private static final long serialVersionUID = 1L;

    BrokenException() {
      super("it broke");
    }
  }

  /**
   * Keepers will speak of that local fill by the id of the grant it was given. Who has come by that
   * id already, sent by another node's keeper, asks again.
   */
  void adopted(FillId granted, FillId local) {
    adopted.put(granted, local);
    letGo(granted);
  }

  /** It has ended; who was sent to it just before still finds it. */
  void adoptedEnded(FillId granted) {
    CompletableFuture.delayedExecutor(settings.followTimeoutMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> adopted.remove(granted));
  }

  /** The fill with that id has begun here. */
  void led(Fill fill) {
    Slot slot = slot(fill.id());
    slot.fill.complete(fill);
    fill.end().thenRun(() -> slots.remove(fill.id(), slot));
  }

  /** The fill that keepers know by that id, if it is here. */
  Optional<Fill> here(FillId told, Fills fills) {
    return fills.running(adopted.getOrDefault(told, told));
  }

  /**
   * The fill once it has a head; fails with {@link ReleasedException} if it is not waited for any
   * more, or otherwise if too many wait for it already.
   *
   * @param askedNanos when the request came; a failure answers only those that came before it
   */
  CompletionStage<Fill> headed(FillId told, Fills fills, long askedNanos) {
    FillId id = adopted.getOrDefault(told, told);
    Fill present = fills.running(id).orElse(null);
    if (present != null && isKnown(present)) {
      return joined(present, askedNanos);
    }
    Slot slot = slot(id);
    if (released.getIfPresent(id) != null) {
      release(id);
      return CompletableFuture.failedStage(new ReleasedException());
    }
    if (!adopted.getOrDefault(told, told).equals(id)) {
      letGo(id); // adopted just now
      return CompletableFuture.failedStage(new ReleasedException());
    }
    if (slot.followers.incrementAndGet() > settings.maxFollowers()) {
      slot.followers.decrementAndGet();
      return CompletableFuture.failedStage(new IllegalStateException("crowded"));
    }
    CompletableFuture<Fill> headed = new CompletableFuture<>();
    slot.wasReleased()
        .whenComplete((ok, released) -> headed.completeExceptionally(new ReleasedException()));
    slot.begun()
        .thenAccept(
            fill -> {
              Fill.Interest interest = fill.interest();
              CompletionStage<Fill> known = headed;
              known.whenComplete((ok, failed) -> interest.close());
              fill.head().thenRun(() -> headed.complete(fill));
            });
    return headed;
  }

  private static boolean isKnown(Fill fill) {
    return fill.head().toCompletableFuture().isDone() || fill.end().toCompletableFuture().isDone();
  }

  private static CompletionStage<Fill> joined(Fill fill, long askedNanos) {
    CompletableFuture<Fill> joined = new CompletableFuture<>();
    fill.head()
        .thenRun(
            () -> {
              if (fill.answers(askedNanos)) {
                joined.complete(fill);
              } else {
                joined.completeExceptionally(new BrokenException());
              }
            });
    return joined;
  }

  /** Whoever waits for that fill's head asks again. */
  void release(FillId told) {
    FillId id = adopted.getOrDefault(told, told);
    released.put(id, true);
    letGo(id);
  }

  private void letGo(FillId id) {
    Slot slot = slots.remove(id);
    if (slot != null) {
      slot.released.complete(null);
    }
  }

  void releaseAll() {
    slots.keySet().forEach(this::releaseUnled);
  }

  /** Fills that have begun need no keeper to reach their head. */
  private void releaseUnled(FillId id) {
    Slot slot = slots.get(id);
    if (slot != null && !slot.fill.isDone()) {
      release(id);
    }
  }

  /** One that nobody ever leads goes away by itself, after its followers have. */
  private Slot slot(FillId id) {
    return slots.computeIfAbsent(
        id,
        fresh -> {
          Slot slot = new Slot();
          slot.fill
              .copy()
              .orTimeout(settings.followTimeoutMillis(), TimeUnit.MILLISECONDS)
              .exceptionally(
                  never -> {
                    slots.remove(id, slot);
                    return null;
                  });
          return slot;
        });
  }

  int size() {
    return slots.size();
  }
}
