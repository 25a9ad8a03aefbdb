package dev.weir.mirror;

import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Entrance;
import dev.weir.policy.Mount;
import dev.weir.respond.Problem;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;

/**
 * Answers requests to a mirror: reads the path, asks the exchange for what it stands for, for a
 * mount's origins one after the other, and keeps from the answer what would speak for the mirror as
 * a whole. Any thread; nothing here blocks.
 */
public final class Mirror implements ExchangeHandler {
  private static final String ALLOWED = "GET, HEAD";

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
  private final Materializer materializer;
  private final ExchangeHandler places;
  private volatile Mounted mounted;

  /** The ways into the exchange for the mounts as they were at one time. */
  private record Mounted(List<Mount> mounts, Map<String, List<ExchangeHandler>> ways) {}

  /**
   * @param mounts as they are now; the same list as long as nothing changes
   * @param exchange what handles requests that come by an entrance
   * @param rooms what answers paths with these first segments instead
   * @param materializer bodies that are not sent on are let go with it
   */
  public Mirror(
      MirrorSettings settings,
      Supplier<List<Mount>> mounts,
      Function<Entrance, ExchangeHandler> exchange,
      Documents documents,
      Map<String, ExchangeHandler> rooms,
      Materializer materializer) {
    this.settings = settings;
    this.mounts = mounts;
    this.exchange = exchange;
    this.documents = documents;
    this.rooms = Map.copyOf(rooms);
    this.roomNames = List.copyOf(rooms.keySet());
    this.materializer = materializer;
    this.places = exchange.apply(MirrorEntrances.ofPlaces(settings));
    this.mounted = mounted(mounts.get());
  }

  private Mounted mounted(List<Mount> now) {
    Map<String, List<ExchangeHandler>> ways = new HashMap<>();
    for (Mount mount : now) {
      ways.put(
          mount.name(),
          mount.origins().stream()
              .map(origin -> exchange.apply(MirrorEntrances.of(mount, origin, settings)))
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
      return own(new ResponseHead(200, "OK", Headers.of("Cache-Control", "no-store")));
    }
    ExchangeHandler room =
        target instanceof MirrorTarget.Room(String name) ? rooms.get(name) : null;
    if (room != null) {
      return room.handle(request);
    }
    if (!head.isGet() && !head.isHead()) {
      return problem(request, 405, "Only GET and HEAD are answered here.");
    }
    if (!request.entity().isKnownEmpty()) {
      return problem(request, 400, "A request to a mirror has no body.");
    }
    return switch (target) {
      case MirrorTarget.Bad(int status, String why) -> problem(request, status, why);
      case MirrorTarget.Moved(String location) ->
          own(new ResponseHead(308, "Permanent Redirect", Headers.of("Location", location)));
      case MirrorTarget.Below(Mount mount, String rest)
          when rest.isEmpty() && mount.path().endsWith(REGISTRY) ->
          own(RegistryRoom.here());
      case MirrorTarget.Below(Mount mount, String rest) ->
          below(request, mount, rest, now.ways().getOrDefault(mount.name(), List.of()), 0);
      case MirrorTarget.Place place when !settings.servesHosts() ->
          problem(request, 404, "This mirror serves its mounts only.");
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
        .handle(ofOrigin(request, origin))
        .thenApply(response -> Answered.of(response, asked, settings.hiddenFields()));
  }

  /** Asks the mount's origins from that one on. */
  private CompletionStage<EdgeResponse> below(
      EdgeRequest request, Mount mount, String rest, List<ExchangeHandler> ways, int number) {
    Mount.Origin there = mount.origins().get(number);
    RequestHead received = request.head();
    RequestHead origin =
        new RequestHead(
            received.method(),
            there.scheme(),
            there.authority(),
            there.base() + rest,
            received.headers());
    Asked asked = new Asked(received, origin, mount, mount.path(), there.base());
    boolean last = number == mount.origins().size() - 1;
    return documents
        .over(asked, ways.get(number))
        .handle(ofOrigin(request, origin))
        .thenCompose(
            response -> {
              int status = response.head().status();
              if (!last && mount.goesBeyond(status)) {
                letGo(response);
                return below(request, mount, rest, ways, number + 1);
              }
              if (!last && Mount.Beyond.UNAVAILABLE.covers(status)) {
                letGo(response);
                return unavailable(request, mount);
              }
              return CompletableFuture.completedFuture(
                  Answered.of(response, asked, settings.hiddenFields()));
            });
  }

  private static EdgeRequest ofOrigin(EdgeRequest request, RequestHead origin) {
    return new EdgeRequest(
        origin,
        request.entity(),
        request.connection(),
        request.gone(),
        request.interim(),
        request.trailers());
  }

  /**
   * A later origin may have something of the same name that is not the same thing: who waits for
   * the first gets its word or none.
   */
  private CompletionStage<EdgeResponse> unavailable(EdgeRequest request, Mount mount) {
    return problem(
        request,
        503,
        "An origin of the mount '"
            + mount.name()
            + "' is not available, and those behind it are only asked for what it does not have.");
  }

  private void letGo(EdgeResponse response) {
    if (response instanceof EdgeResponse.Full full && !full.entity().isKnownEmpty()) {
      full.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
    }
  }

  private CompletionStage<EdgeResponse> problem(EdgeRequest request, int status, String detail) {
    boolean bodiless = request.entity().isKnownEmpty();
    if (!bodiless) {
      request.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
    }
    String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    byte[] document = new Problem(status, "mirror", detail).json(id);
    Headers.Builder fields =
        Headers.builder()
            .add("Content-Type", Problem.MEDIA_TYPE)
            .add("Cache-Control", "no-store")
            .add("X-Request-ID", id);
    if (status == 405) {
      fields.add("Allow", ALLOWED);
    }
    boolean head = request.head().isHead();
    if (head) {
      fields.add("Content-Length", Integer.toString(document.length));
    }
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(
            new ResponseHead(status, Problem.title(status), fields.build()),
            head
                ? HttpEntities.EMPTY
                : HttpEntities.create(
                    ContentTypes.NO_CONTENT_TYPE, ByteString.fromArrayUnsafe(document)),
            !bodiless));
  }

  private static CompletionStage<EdgeResponse> own(ResponseHead head) {
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(head, HttpEntities.EMPTY, false));
  }
}
