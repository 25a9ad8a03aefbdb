package dev.weir.mirror;

import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.http.CacheStatus;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.policy.Mount;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Asks the origins of a mount one after the other for what is below it.
 *
 * <p>A name that an earlier origin has must never be looked for at a later one, where a stranger
 * may have put something under it. So a later one is asked only after a word of the earlier one
 * that it has nothing; silence, errors and what a cache remembers are no such word. In a simple
 * index the word is asked for the project's page, in a registry of npm for the packument, for files
 * too: a file that is missing in an internal project is missing.
 */
final class MountWalk {
  private static final List<String> WITH_PAGES = List.of("User-Agent", "Via");
  private static final String PAGES = "application/vnd.pypi.simple.v1+json;q=0.9, text/html, */*";

  /** What npm itself sends: what is kept for it answers the question too. */
  private static final String PACKUMENTS =
      "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

  private final MirrorSettings settings;
  private final Documents documents;
  private final OwnAnswers own;

  /**
   * The ways to one origin.
   *
   * @param usual through the cache
   * @param direct past it
   */
  record Way(ExchangeHandler usual, ExchangeHandler direct) {}

  /** One request on its way through a mount. */
  private record Walk(
      EdgeRequest request, Mount mount, String rest, IndexPath path, List<Way> ways) {
    /** Whether there is nothing behind that origin which could be asked. */
    boolean endsAt(int number) {
      return number == mount.origins().size() - 1 || path instanceof IndexPath.Root;
    }
  }

  private enum Presence {
    PRESENT,
    ABSENT,
    UNKNOWN
  }

  MountWalk(MirrorSettings settings, Documents documents, OwnAnswers own) {
    this.settings = settings;
    this.documents = documents;
    this.own = own;
  }

  /**
   * @param rest what follows the mount's path
   * @param ways to the mount's origins, in their order
   */
  CompletionStage<EdgeResponse> ask(EdgeRequest request, Mount mount, String rest, List<Way> ways) {
    return switch (IndexPath.read(mount.merging(), rest, settings.fileNameReadings())) {
      case IndexPath.Moved(String page) -> own.moved(request, mount.path() + page);
      case IndexPath.Nobody ignored ->
          own.problem(request, 404, "No project of a simple index has such a name.");
      case IndexPath path -> step(new Walk(request, mount, rest, path, ways), 0);
    };
  }

  private CompletionStage<EdgeResponse> step(Walk walk, int number) {
    Mount mount = walk.mount();
    Mount.Origin there = mount.origins().get(number);
    RequestHead received = walk.request().head();
    RequestHead origin = head(walk, number, received.method(), walk.rest(), received.headers());
    Asked asked = new Asked(received, origin, mount, mount.path(), there.base());
    return documents
        .over(asked, walk.ways().get(number).usual())
        .handle(Mirror.ofOrigin(walk.request(), origin, settings))
        .thenCompose(
            response -> {
              int status = response.head().status();
              if (walk.endsAt(number)) {
                return answered(response, asked);
              }
              if (mount.goesBeyond(status)) {
                own.letGo(response);
                return beyond(walk, number, response.head());
              }
              if (Mount.Beyond.UNAVAILABLE.covers(status)) {
                own.letGo(response);
                return unavailable(walk);
              }
              return answered(response, asked);
            });
  }

  private CompletionStage<EdgeResponse> answered(EdgeResponse response, Asked asked) {
    return CompletableFuture.completedFuture(Answered.of(response, asked, settings));
  }

  private CompletionStage<EdgeResponse> beyond(Walk walk, int number, ResponseHead missing) {
    RequestHead asked = walk.request().head();
    return switch (walk.path()) {
      case IndexPath.OfFile file ->
          file.isEvery() ? among(walk, number, file.pages(), PAGES) : withheld(walk);
      case IndexPath.OfProject project ->
          project.isPage() && asksPlainly(asked, "text/html") && isOfNow(missing)
              ? step(walk, number + 1)
              : among(walk, number, List.of(project.page()), PAGES);
      case IndexPath.OfPackage one ->
          one.isPackument() && asksPlainly(asked, "json") && isOfNow(missing)
              ? step(walk, number + 1)
              : among(walk, number, List.of(one.packument()), PACKUMENTS);
      case IndexPath.Elsewhere ignored -> step(walk, number + 1);
      case IndexPath.Root ignored -> step(walk, number + 1);
      case IndexPath.Moved ignored -> step(walk, number + 1);
      case IndexPath.Nobody ignored -> step(walk, number + 1);
    };
  }

  /** The next origin is asked if that one has none of these pages. */
  private CompletionStage<EdgeResponse> among(
      Walk walk, int number, List<String> pages, String accept) {
    return presence(walk, number, pages.getFirst(), accept)
        .thenCompose(
            presence ->
                switch (presence) {
                  case ABSENT ->
                      pages.size() == 1
                          ? step(walk, number + 1)
                          : among(walk, number, pages.subList(1, pages.size()), accept);
                  case PRESENT -> withheld(walk);
                  case UNKNOWN -> unavailable(walk);
                });
  }

  private CompletionStage<EdgeResponse> withheld(Walk walk) {
    return own.problem(
        walk.request(),
        404,
        "The project is one of an origin that does not have this, and those behind it are not"
            + " asked for it.");
  }

  /** Whether a 404 to it says that there is no page, in whatever form; each index has one. */
  private static boolean asksPlainly(RequestHead head, String form) {
    String accept = head.headers().combined("Accept");
    return head.isGet() && (accept == null || accept.contains("*/*") || accept.contains(form));
  }

  private CompletionStage<Presence> presence(Walk walk, int number, String page, String accept) {
    Headers.Builder fields = Headers.builder().add("Accept", accept);
    for (String name : WITH_PAGES) {
      String value = walk.request().head().headers().combined(name);
      if (value != null) {
        fields.add(name, value);
      }
    }
    RequestHead head = head(walk, number, "GET", page, fields.build());
    EdgeRequest request = walk.request();
    EdgeRequest asking =
        new EdgeRequest(
            head, request.entity(), request.connection(), request.gone(), interim -> {});
    Way way = walk.ways().get(number);
    return way.usual()
        .handle(asking)
        .thenCompose(
            response -> {
              Presence presence = presence(response);
              return presence == Presence.ABSENT && !isOfNow(response.head())
                  ? way.direct().handle(asking).thenApply(this::presenceOfNow)
                  : CompletableFuture.completedFuture(presence);
            });
  }

  private Presence presenceOfNow(EdgeResponse response) {
    Presence presence = presence(response);
    return presence == Presence.ABSENT && !isOfNow(response.head()) ? Presence.UNKNOWN : presence;
  }

  private Presence presence(EdgeResponse response) {
    own.letGo(response);
    int status = response.head().status();
    if (Mount.Beyond.NOT_FOUND.covers(status)) {
      return Presence.ABSENT;
    }
    return status >= 200 && status < 400 ? Presence.PRESENT : Presence.UNKNOWN;
  }

  /** Whether the origin has said it to this very question: not a cache, nor a rule of ours. */
  private static boolean isOfNow(ResponseHead head) {
    String status = head.headers().combined("Cache-Status");
    if (status == null) {
      return false;
    }
    String ours = status.substring(Math.max(0, status.lastIndexOf(CacheStatus.CACHE + ";")));
    return ours.contains(";fwd=") && !ours.contains(";hit");
  }

  private static RequestHead head(
      Walk walk, int number, String method, String rest, Headers fields) {
    Mount.Origin there = walk.mount().origins().get(number);
    return new RequestHead(method, there.scheme(), there.authority(), there.base() + rest, fields);
  }

  /**
   * A later origin may have something of the same name that is not the same thing: who waits for
   * the first gets its word or none.
   */
  private CompletionStage<EdgeResponse> unavailable(Walk walk) {
    return own.problem(
        walk.request(),
        503,
        "An origin of the mount '"
            + walk.mount().name()
            + "' is not available, and those behind it are only asked for what it does not have.");
  }
}
