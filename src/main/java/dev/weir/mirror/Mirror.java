package dev.weir.mirror;

import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.log.ExchangeRecord;
import dev.weir.policy.Entrance;
import dev.weir.policy.Mount;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.Materializer;

/**
 * Answers requests to a mirror: reads the path, asks the exchange for what it stands for, for a
 * mount's origins one after the other, and keeps from the answer what would speak for the mirror as
 * a whole. Any thread; nothing here blocks.
 */
public final class Mirror implements ExchangeHandler {
  /**
   * Where clients of container registries ask first whether there is one, and who may use it. The
   * mirror is one for everybody: tokens are its own affair.
   */
  private static final String REGISTRY = "/v2/";

  private final MirrorSettings settings;
  private final Supplier<List<Mount>> mounts;
  private final Function<Entrance, ExchangeHandler> exchange;
  private final Documents documents;
  private final Map<String, ExchangeHandler> rooms;
  private final List<String> roomNames;
  private final OwnAnswers own;
  private final MountWalk walk;
  private final ExchangeHandler places;
  private volatile Mounted mounted;

  /** The ways into the exchange for the mounts as they were at one time. */
  private record Mounted(List<Mount> mounts, Map<String, List<MountWalk.Way>> ways) {}

  /**
   * @param mounts as they are now; the same list as long as nothing changes
   * @param exchange what handles requests that come by an entrance
   * @param rooms what answers paths with these first segments instead
   * @param log told of what the mirror answers by itself
   * @param materializer bodies that are not sent on are let go with it
   */
  public Mirror(
      MirrorSettings settings,
      Supplier<List<Mount>> mounts,
      Function<Entrance, ExchangeHandler> exchange,
      Documents documents,
      Map<String, ExchangeHandler> rooms,
      Consumer<ExchangeRecord> log,
      Materializer materializer) {
    this.settings = settings;
    this.mounts = mounts;
    this.exchange = exchange;
    this.documents = documents;
    this.rooms = Map.copyOf(rooms);
    this.roomNames = List.copyOf(rooms.keySet());
    this.own = new OwnAnswers(log, materializer);
    this.walk = new MountWalk(settings, documents, own);
    this.places = exchange.apply(MirrorEntrances.ofPlaces(settings));
    this.mounted = mounted(mounts.get());
  }

  private Mounted mounted(List<Mount> now) {
    Map<String, List<MountWalk.Way>> ways = new HashMap<>();
    for (Mount mount : now) {
      ways.put(
          mount.name(),
          mount.origins().stream()
              .map(
                  origin ->
                      new MountWalk.Way(
                          exchange.apply(MirrorEntrances.of(mount, origin, settings)),
                          exchange.apply(MirrorEntrances.pastTheCache(mount, origin, settings))))
              .toList());
    }
    return new Mounted(now, Map.copyOf(ways));
  }

  @Override
  public CompletionStage<EdgeResponse> handle(EdgeRequest request) {
    RequestHead head = request.head();
    Mounted now = mountedNow();
    MirrorTarget target = MirrorTarget.read(head.target(), now.mounts(), roomNames);
    if (target instanceof MirrorTarget.Health) {
      return CompletableFuture.completedFuture(
          new EdgeResponse.Full(
              new ResponseHead(200, "OK", Headers.of("Cache-Control", "no-store")),
              HttpEntities.EMPTY,
              false));
    }
    ExchangeHandler room =
        target instanceof MirrorTarget.Room(String name) ? rooms.get(name) : null;
    if (room != null) {
      return room.handle(request).thenApply(response -> own.ofRoom(request, response));
    }
    if (!head.isGet() && !head.isHead()) {
      return own.problem(request, 405, "Only GET and HEAD are answered here.");
    }
    if (!request.entity().isKnownEmpty()) {
      return own.problem(request, 400, "A request to a mirror has no body.");
    }
    return switch (target) {
      case MirrorTarget.Bad(int status, String why) -> own.problem(request, status, why);
      case MirrorTarget.Moved(String location) -> own.moved(request, location);
      case MirrorTarget.Below(Mount mount, String rest)
          when rest.isEmpty() && mount.path().endsWith(REGISTRY) ->
          own.bodiless(request, RegistryRoom.here());
      case MirrorTarget.Below(Mount mount, String rest) ->
          walk.ask(request, mount, rest, now.ways().getOrDefault(mount.name(), List.of()));
      case MirrorTarget.Place place when !settings.servesHosts() ->
          own.problem(request, 404, "This mirror serves its mounts only.");
      case MirrorTarget.Place place -> place(request, place);
      case MirrorTarget.Health ignored -> throw new IllegalStateException("answered above");
      case MirrorTarget.Room ignored -> throw new IllegalStateException("answered above");
    };
  }

  private Mounted mountedNow() {
    Mounted known = mounted;
    List<Mount> now = mounts.get();
    if (!known.mounts().equals(now)) {
      known = mounted(now);
      mounted = known;
    }
    return known;
  }

  private CompletionStage<EdgeResponse> place(EdgeRequest request, MirrorTarget.Place place) {
    RequestHead received = request.head();
    RequestHead origin =
        new RequestHead(
            received.method(), "https", place.authority(), place.target(), received.headers());
    int named = received.target().length() - place.target().length();
    Asked asked = new Asked(received, origin, null, received.target().substring(0, named), "");
    return documents
        .over(asked, places)
        .handle(ofOrigin(request, origin, settings))
        .thenApply(response -> Answered.of(response, asked, settings));
  }

  static EdgeRequest ofOrigin(EdgeRequest request, RequestHead origin, MirrorSettings settings) {
    return new EdgeRequest(
        origin,
        request.entity(),
        request.connection(),
        request.gone(),
        hint ->
            request
                .interim()
                .accept(hint.withHeaders(Answered.shown(hint.headers(), settings.hiddenFields()))),
        request.trailers());
  }
}
