package dev.weir.mirror.links;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.edge.EdgeRequest;
import dev.weir.edge.EdgeResponse;
import dev.weir.edge.ExchangeHandler;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.http.ResponseHead;
import dev.weir.mirror.Asked;
import dev.weir.mirror.Documents;
import dev.weir.policy.Mount;
import dev.weir.respond.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.StreamLimitReachedException;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Index documents with their links leading inside the mirror. What is stored stays as the origin
 * sent it; a document is rewritten on its way to the client, and kept so in memory while its
 * validator, the mounts and the mirror's address are the same.
 *
 * <p>It is asked for without content coding and as a whole. One that comes with gzip all the same
 * is decoded up to the limit. One that is too large, encoded otherwise or not of its format goes
 * out as it came, with a warning in the response and in the log: its links lead outside.
 */
public final class LinkedDocuments implements Documents {
  private static final Logger LOG = LoggerFactory.getLogger(LinkedDocuments.class);
  private static final String WARNING = "X-Weir-Warning";

  /** What a byte of gzip becomes at most (DEFLATE: 258 bytes for two bits). */
  private static final long MOST_UNPACKED = 1032;

  private final LinkSettings settings;
  private final boolean servesHosts;
  private final Supplier<List<Mount>> mounts;
  private final Executor working;
  private final Materializer materializer;
  private final LongAdder rewritten = new LongAdder();
  private final LongAdder left = new LongAdder();
  private final WorkBudget budget;
  private final WorkBudget nodes;
  private final Cache<Kept, byte[]> kept;

  /** Documents that are being rewritten: who wants the same waits, its own copy unread. */
  private final ConcurrentHashMap<Kept, CompletableFuture<Optional<byte[]>>> underWay =
      new ConcurrentHashMap<>();

  /** A rewritten document; {@code mark} stands for how its links were written. */
  private record Kept(String url, String validator, IndexForm form, EtagMark mark) {}

  /** One request whose answer is rewritten if it is of that form. */
  private record Reading(Asked asked, IndexForm form, InsideLinks links, EtagMark mark) {}

  /**
   * @param servesHosts whether the mirror serves places beside its mounts
   * @param mounts as they are now
   * @param working runs what takes long
   */
  public LinkedDocuments(
      LinkSettings settings,
      boolean servesHosts,
      Supplier<List<Mount>> mounts,
      Executor working,
      Materializer materializer) {
    this.settings = settings;
    this.servesHosts = servesHosts;
    this.mounts = mounts;
    this.working = working;
    this.materializer = materializer;
    this.budget = new WorkBudget(settings.workingBytes());
    this.nodes = new WorkBudget(settings.workingNodes());
    this.kept =
        Caffeine.newBuilder()
            .maximumWeight(settings.cacheBytes())
            .weigher((Kept key, byte[] text) -> text.length + 2 * key.url().length() + 100)
            .build();
  }

  /** Documents rewritten. */
  public long rewritten() {
    return rewritten.sum();
  }

  /** Documents that went out with links that lead outside. */
  public long left() {
    return left.sum();
  }

  @Override
  public ExchangeHandler over(Asked asked, ExchangeHandler exchange) {
    IndexForm form = settings.on() ? IndexForm.of(asked) : null;
    if (form == null) {
      return exchange;
    }
    Reading reading = reading(asked, form);
    return request ->
        exchange
            .handle(whole(request, reading))
            .thenCompose(response -> answered(request, response, reading));
  }

  private Reading reading(Asked asked, IndexForm form) {
    List<Mount> all = new ArrayList<>();
    if (asked.mount() != null) {
      all.add(asked.mount()); // where several lead to a place, a page's own mount does
    }
    mounts.get().stream().filter(mount -> !mount.equals(asked.mount())).forEach(all::add);
    RequestHead received = asked.received();
    String publicUrl =
        settings.publicUrl().isEmpty()
            ? received.scheme() + "://" + received.authority().text(received.scheme())
            : settings.publicUrl();
    RequestHead origin = asked.origin();
    InsideLinks links =
        new InsideLinks(
            origin.scheme(), origin.authority(), origin.target(), all, servesHosts, publicUrl);
    List<String> leading = new ArrayList<>();
    for (Mount mount : all) {
      mount.origins().forEach(one -> leading.add(mount.path() + " " + one.url()));
    }
    if (asked.mount() != null) {
      asked.mount().links().forEach(one -> leading.add(one.form().label() + " " + one.files()));
    }
    return new Reading(asked, form, links, EtagMark.of(leading, servesHosts, publicUrl));
  }

  /** Parts of a document that is rewritten mean nothing; codings would have to be undone. */
  private static EdgeRequest whole(EdgeRequest request, Reading reading) {
    Headers fields =
        reading
            .mark()
            .unmarked(request.head().headers())
            .without("Range")
            .without("If-Range")
            .without("If-Match")
            .without("If-Unmodified-Since")
            .with("Accept-Encoding", "identity");
    return new EdgeRequest(
        request.head().withHeaders(fields),
        request.entity(),
        request.connection(),
        request.gone(),
        request.interim(),
        request.trailers());
  }

  private CompletionStage<EdgeResponse> answered(
      EdgeRequest request, EdgeResponse response, Reading reading) {
    if (!(response instanceof EdgeResponse.Full full)) {
      return CompletableFuture.completedFuture(response);
    }
    ResponseHead head = full.head();
    IndexForm form =
        head.status() == 304
            ? reading.form()
            : head.status() == 200
                ? reading.form().met(head.headers().first("Content-Type"))
                : null;
    if (form == null) {
      return CompletableFuture.completedFuture(response);
    }
    if (head.status() == 304 || request.head().isHead()) {
      return CompletableFuture.completedFuture(
          new EdgeResponse.Full(
              head.withHeaders(rewritten(head.headers(), reading)),
              full.entity(),
              full.closeAfter()));
    }
    String coding = head.headers().combined("Content-Encoding");
    boolean gzip = coding != null && coding.strip().equalsIgnoreCase("gzip");
    OptionalLong length = full.entity().getContentLengthOption();
    if (length.orElse(0) > settings.maxBytes()) {
      return untouched(full, reading, "it is too large");
    }
    if (coding != null && !gzip) {
      return untouched(full, reading, "it is encoded");
    }
    return rewrite(full, new Reading(reading.asked(), form, reading.links(), reading.mark()), gzip);
  }

  private CompletionStage<EdgeResponse> rewrite(
      EdgeResponse.Full full, Reading reading, boolean gzip) {
    Headers fields = full.head().headers();
    Kept key = key(fields, reading);
    byte[] known = key == null ? null : kept.getIfPresent(key);
    if (known != null) {
      full.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
      return CompletableFuture.completedFuture(of(full, reading, known));
    }
    if (key == null) {
      return take(full, reading, null, gzip, new CompletableFuture<>());
    }
    CompletableFuture<Optional<byte[]>> mine = new CompletableFuture<>();
    CompletableFuture<Optional<byte[]>> others = underWay.putIfAbsent(key, mine);
    if (others == null) {
      return take(full, reading, key, gzip, mine)
          .whenComplete(
              (done, failed) -> {
                underWay.remove(key, mine);
                mine.complete(Optional.empty());
              });
    }
    return others.thenCompose(
        document -> {
          if (document.isEmpty()) {
            return take(full, reading, key, gzip, new CompletableFuture<>());
          }
          full.entity().getDataBytes().runWith(Sink.cancelled(), materializer);
          return CompletableFuture.completedFuture(of(full, reading, document.get()));
        });
  }

  /**
   * Rewrites it here.
   *
   * @param told gets the document once it is rewritten, for those who wait for the same
   */
  private CompletionStage<EdgeResponse> take(
      EdgeResponse.Full full,
      Reading reading,
      @Nullable Kept key,
      boolean gzip,
      CompletableFuture<Optional<byte[]>> told) {
    long announced = full.entity().getContentLengthOption().orElse(settings.maxBytes());
    long inMemory = gzip ? Math.min(settings.maxBytes(), announced * MOST_UNPACKED) : announced;
    return budget
        .take(inMemory)
        .thenCompose(
            taken ->
                read(full.entity())
                    .thenComposeAsync(
                        document -> inTurn(full, reading, key, document, gzip, told), working)
                    .exceptionally(failed -> tooLarge(failed, reading))
                    .whenComplete((done, failed) -> budget.giveBack(taken)));
  }

  private CompletionStage<ByteString> read(ResponseEntity entity) {
    return entity
        .getDataBytes()
        .limitWeighted(settings.maxBytes(), piece -> (long) piece.size())
        .runFold(ByteString.emptyByteString(), ByteString::concat, materializer);
  }

  /** A page's tree takes far more than its text, so it waits for its turn once more. */
  private CompletionStage<EdgeResponse> inTurn(
      EdgeResponse.Full full,
      Reading reading,
      @Nullable Kept key,
      ByteString document,
      boolean gzip,
      CompletableFuture<Optional<byte[]>> told) {
    byte[] sent = document.toArray();
    byte[] plain;
    try {
      plain = gzip ? unpacked(sent) : sent;
    } catch (IOException unreadable) {
      return CompletableFuture.completedStage(unread(full, reading, sent, unreadable));
    }
    long wanted = LinkRewriter.of(reading.form()).nodes(plain);
    if (wanted > settings.workingNodes()) {
      String why = "it has more tags than weir.mirror.links.working-nodes";
      return CompletableFuture.completedStage(asItCame(full, reading, sent, why));
    }
    return nodes
        .take(wanted)
        .thenCompose(
            taken ->
                CompletableFuture.supplyAsync(() -> rewritten(plain, full, reading), working)
                    .whenComplete((done, failed) -> nodes.giveBack(taken)))
        .thenApply(
            inside -> {
              rewritten.increment();
              if (key != null) {
                kept.put(key, inside);
              }
              told.complete(Optional.of(inside));
              return of(full, reading, inside);
            })
        .exceptionally(unreadable -> unread(full, reading, sent, unreadable));
  }

  private static byte[] rewritten(byte[] plain, EdgeResponse.Full full, Reading reading) {
    Charset charset = charset(full.head().headers().first("Content-Type"));
    try {
      return LinkRewriter.of(reading.form()).rewrite(plain, charset, reading.links());
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private EdgeResponse unread(
      EdgeResponse.Full full, Reading reading, byte[] sent, Throwable unreadable) {
    LOG.debug("An index document could not be read", unreadable);
    return asItCame(full, reading, sent, "it is not of its format");
  }

  private EdgeResponse asItCame(EdgeResponse.Full full, Reading reading, byte[] sent, String why) {
    Headers fields = warned(full.head().headers(), reading, why);
    return new EdgeResponse.Full(full.head().withHeaders(fields), entity(sent), full.closeAfter());
  }

  private byte[] unpacked(byte[] packed) throws IOException {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      byte[] plain = in.readNBytes((int) settings.maxBytes());
      if (in.read() >= 0) {
        throw new IOException("too large once decoded");
      }
      return plain;
    }
  }

  private static EdgeResponse of(EdgeResponse.Full full, Reading reading, byte[] document) {
    Headers fields = rewritten(full.head().headers(), reading);
    return new EdgeResponse.Full(
        full.head().withHeaders(fields), entity(document), full.closeAfter());
  }

  /** Without what is true of the origin's bytes only. */
  private static Headers rewritten(Headers fields, Reading reading) {
    Headers.Builder changed = fields.toBuilder();
    List.of(
            "Content-Length",
            "Content-Encoding",
            "Content-MD5",
            "Digest",
            "Content-Digest",
            "Repr-Digest",
            "Accept-Ranges")
        .forEach(changed::remove);
    String tag = reading.mark().marked(fields.first("ETag"));
    if (tag != null) {
      changed.set("ETag", tag);
    }
    return changed.build();
  }

  private static @Nullable Kept key(Headers fields, Reading reading) {
    String validator = fields.first("ETag");
    if (validator == null) {
      validator = fields.first("Last-Modified");
    }
    return validator == null
        ? null
        : new Kept(reading.asked().origin().url(), validator, reading.form(), reading.mark());
  }

  private CompletionStage<EdgeResponse> untouched(
      EdgeResponse.Full full, Reading reading, String why) {
    Headers fields = warned(full.head().headers(), reading, why);
    return CompletableFuture.completedFuture(
        new EdgeResponse.Full(
            full.head().withHeaders(fields), full.entity(), full.closeAfter(), full.trailers()));
  }

  private Headers warned(Headers fields, Reading reading, String why) {
    left.increment();
    LOG.warn(
        "The links of an index document of {} lead outside: {}",
        reading.asked().origin().authority().host(),
        why);
    return fields.plus(WARNING, "links were not rewritten: " + why);
  }

  private EdgeResponse tooLarge(Throwable failed, Reading reading) {
    Throwable cause = failed instanceof CompletionException ? failed.getCause() : failed;
    boolean large = cause instanceof StreamLimitReachedException;
    String id = Long.toHexString(ThreadLocalRandom.current().nextLong() | Long.MIN_VALUE);
    LOG.warn(
        "An index document of {} could not be taken, answered 502 with id {}: {}",
        reading.asked().origin().authority().host(),
        id,
        String.valueOf(cause));
    String detail =
        large
            ? "The index document is larger than weir.mirror.links.max-bytes."
            : "The origin's index document broke off.";
    byte[] problem = new Problem(502, "mirror", detail).json(id);
    return new EdgeResponse.Full(
        new ResponseHead(
            502,
            Problem.title(502),
            Headers.of(
                "Content-Type",
                Problem.MEDIA_TYPE,
                "Cache-Control",
                "no-store",
                "X-Request-ID",
                id)),
        entity(problem),
        false);
  }

  private static ResponseEntity entity(byte[] bytes) {
    return HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, ByteString.fromArrayUnsafe(bytes));
  }

  private static Charset charset(@Nullable String contentType) {
    int at = contentType == null ? -1 : contentType.toLowerCase(Locale.ROOT).indexOf("charset=");
    if (contentType == null || at < 0) {
      return StandardCharsets.UTF_8;
    }
    String name = contentType.substring(at + 8).split("[;\\s]", 2)[0].replace("\"", "");
    try {
      return Charset.forName(name);
    } catch (IllegalArgumentException unknown) {
      return StandardCharsets.UTF_8;
    }
  }
}
