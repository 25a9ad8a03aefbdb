package dev.weir.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.admin.Operations;
import dev.weir.cache.NodeCache;
import dev.weir.entry.PrimaryKey;
import dev.weir.http.RequestHead;
import dev.weir.mirror.MirrorSettings;
import dev.weir.origin.CircuitBreakers;
import dev.weir.rules.LiveRules;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/** What operators may do, done by this node's cache and fabric. */
final class NodeOperations implements Operations {
  /** Made at the first page: it takes a part of a start. */
  private static final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();
  }

  private final NodeCache cache;
  private final FleetStatus status;
  private final LiveRules rules;
  private final Looks looks;
  private final CareDesk care;
  private final CircuitBreakers breakers;
  private final MirrorSettings mirror;

  NodeOperations(
      NodeCache cache,
      FleetStatus status,
      LiveRules rules,
      Looks looks,
      CareDesk care,
      CircuitBreakers breakers,
      MirrorSettings mirror) {
    this.mirror = mirror;
    this.breakers = breakers;
    this.rules = rules;
    this.looks = looks;
    this.care = care;
    this.cache = cache;
    this.status = status;
  }

  @Override
  public CompletionStage<Purged> purge(String url, List<String> fields) {
    RequestHead request = UrlKeys.request(url, fields);
    return request == null
        ? CompletableFuture.completedStage(Purged.NOT_A_URL)
        : looks.keys().all(request, rules.mounts(), mirror).thenCompose(this::purge);
  }

  private CompletionStage<Purged> purge(Set<PrimaryKey> keys) {
    return keys.stream()
        .map(this::purge)
        .reduce((one, other) -> one.thenCombine(other, NodeOperations::both))
        .orElseThrow();
  }

  /** A purge of several keys is done when all of them are gone. */
  private static Purged both(Purged one, Purged other) {
    if (one == Purged.INCOMPLETE || other == Purged.INCOMPLETE) {
      return Purged.INCOMPLETE;
    }
    return one == Purged.DONE ? one : other;
  }

  private CompletionStage<Purged> purge(PrimaryKey key) {
    return cache
        .isStored(key)
        // Only then: it would find what is being removed, or not.
        .thenCompose(
            stored ->
                cache
                    .purge(key)
                    .thenApply(
                        done -> !done ? Purged.INCOMPLETE : stored ? Purged.DONE : Purged.NOTHING))
        .exceptionally(failed -> Purged.INCOMPLETE);
  }

  @Override
  public CompletionStage<Look> show(String url, List<String> fields) {
    return looks.show(url, fields);
  }

  @Override
  public CompletionStage<Look> list(String host, String after, int limit) {
    return looks.list(host, after, limit);
  }

  /** Reads the rules when another node says so; however often it does, one reading waits. */
  void readRulesWhenTold(Executor blocking) {
    AtomicBoolean due = new AtomicBoolean();
    cache.onReadRules(
        () -> {
          if (due.compareAndSet(false, true)) {
            blocking.execute(
                () -> {
                  due.set(false);
                  rules.reload();
                });
          }
        });
  }

  @Override
  public Reloaded reloadRules() {
    // Whatever becomes of it here: files of other nodes may be others.
    cache.readRulesElsewhere(rules.version());
    return switch (rules.reload()) {
      case LiveRules.Outcome.Loaded(String version, int count) ->
          new Reloaded(true, "rules %s are in force: %d rules".formatted(version, count));
      case LiveRules.Outcome.Unchanged(String version) ->
          new Reloaded(true, "nothing new: rules %s stay in force".formatted(version));
      case LiveRules.Outcome.Refused(String reason, String version) ->
          new Reloaded(false, "%s%nrules %s stay in force".formatted(reason, version));
    };
  }

  @Override
  public String rules() {
    ObjectNode page = Json.MAPPER.createObjectNode();
    page.put("version", rules.version());
    page.put("rules", rules.get().rules().size());
    page.put("defaultPolicy", rules.get().defaultPolicy().label());
    page.put("reloads", rules.reloads());
    page.put("problem", rules.problem());
    return text(page);
  }

  @Override
  public CompletionStage<String> cluster() {
    return status.page();
  }

  @Override
  public boolean care(String task, Set<String> options) {
    return care.begin(task, options);
  }

  @Override
  public String careStatus() {
    return care.status();
  }

  @Override
  public String breakers() {
    ObjectNode page = Json.MAPPER.createObjectNode();
    ArrayNode origins = page.putArray("origins");
    for (CircuitBreakers.View view : breakers.view()) {
      ObjectNode one = origins.addObject();
      one.put("origin", view.origin());
      one.put("state", view.state());
      one.put("failures", view.failures());
      one.put("remainingMillis", view.remainingMillis());
      one.put("cause", view.cause());
    }
    return text(page);
  }

  @Override
  public boolean ban(String host, long seconds) {
    return breakers.ban(host, seconds * 1000);
  }

  @Override
  public boolean unban(String host) {
    return breakers.unban(host);
  }

  private static String text(ObjectNode page) {
    try {
      return Json.MAPPER.writeValueAsString(page);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page cannot be written", e);
    }
  }
}
