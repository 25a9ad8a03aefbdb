package dev.weir.exchange;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.edge.EdgeResponse;
import dev.weir.entry.Body;
import dev.weir.entry.Entry;
import dev.weir.fill.Completion;
import dev.weir.filters.FilterFailure;
import dev.weir.http.ByteRanges;
import dev.weir.http.Conditional;
import dev.weir.http.Freshness;
import dev.weir.http.FreshnessInfo;
import dev.weir.http.Headers;
import dev.weir.http.ResponseHead;
import dev.weir.http.StorageRules;
import dev.weir.http.StoredResponse;
import dev.weir.log.ServeReason;
import dev.weir.policy.CacheKeys;
import dev.weir.policy.Effect;
import dev.weir.respond.Multipart;
import dev.weir.respond.Problem;
import dev.weir.respond.Reply;
import dev.weir.store.Bodies;
import dev.weir.store.StoreException;
import dev.weir.store.WholeObjects;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers from stored entries: whole, HEAD, 304, one range or several. */
final class Hits {
  /** Why there is no body to send. */
  enum Missing {
    /** Something of it is gone: the entry is good for nothing any more. */
    NOT_WHOLE,
    /** The store cannot say or has no time: the entry may be good. */
    UNREADABLE,
    /** Only parts of it are stored, and not all that this request wants. */
    PARTIAL
  }

  /** The bytes of a body from {@code from} up to but excluding {@code to}. */
  record Span(long from, long to) {}

  /** Told of bytes that cannot be read. */
  @FunctionalInterface
  interface Damage {
    CompletionStage<?> found(Exchange x, Entry entry, Span span);
  }

  /** How to answer without the entry. */
  @FunctionalInterface
  interface Otherwise {
    CompletionStage<EdgeResponse> without(Missing why);
  }

  private static final Logger LOG = LoggerFactory.getLogger(Hits.class);
  private final Bodies bodies;
  private final Answers answers;
  private final Consumer<Entry> dropped;
  private final Damage damage;
  private final int maxRanges;
  private final RedirectSettings redirect;
  private final WholeObjects whole;

  /** By identity: near table and keeper hand out the same entry until it changes. */
  private final Cache<Entry, Judged> freshness = Caffeine.newBuilder().weakKeys().build();

  /** How fresh an entry is by rules. */
  private record Judged(StorageRules rules, FreshnessInfo info) {}

  /**
   * @param dropped is told of an entry that must be fetched anew
   * @param damage is told of bytes that could not be read while they were being sent
   */
  Hits(
      Bodies bodies,
      Answers answers,
      Consumer<Entry> dropped,
      Damage damage,
      ExchangeSettings settings,
      WholeObjects whole) {
    this.bodies = bodies;
    this.answers = answers;
    this.dropped = dropped;
    this.damage = damage;
    this.maxRanges = settings.maxRanges();
    this.redirect = settings.redirect();
    this.whole = whole;
  }

  /** What decisions need of the entry, worked out once as long as the rules are the same. */
  FreshnessInfo freshness(Exchange x, Entry entry) {
    StorageRules rules = x.route.storage(entry.response());
    Judged known = freshness.getIfPresent(entry);
    if (known == null || !known.rules().equals(rules)) {
      known = new Judged(rules, Freshness.of(entry.response(), rules));
      freshness.put(entry, known);
    }
    return known.info();
  }

  /**
   * Answers from the entry. If its body cannot be had, {@code otherwise} says how to go on; nothing
   * has been sent then.
   */
  CompletionStage<EdgeResponse> serve(
      Exchange x, Entry entry, long nowMillis, Told told, Otherwise otherwise) {
    StoredResponse stored = entry.response();
    long length = entry.body().length();
    Reply reply;
    try {
      reply = Choosing.reply(x, stored, OptionalLong.of(length), maxRanges, () -> Headers.EMPTY);
    } catch (FilterFailure failed) {
      return CompletableFuture.completedFuture(answers.filterFailed(x, failed));
    }
    Headers aged = aged(x, entry, nowMillis);
    bodies.touch(entry);
    if (lacks(x, entry, reply)) {
      return otherwise.without(Missing.PARTIAL);
    }
    return reply instanceof Reply.Whole
            && isCurrent(told)
            && x.responseBody() == null
            && Redirecting.decide(x.head, entry, mayRedirect(x), redirect)
                instanceof Redirecting.Decision.Redirect(Map<String, String> fields)
        ? whole
            .url(entry, x.head.isHead(), fields)
            .toCompletableFuture()
            .thenCompose(
                url ->
                    url.isPresent()
                        ? CompletableFuture.completedFuture(redirected(x, url.get(), told))
                        : fromHere(x, entry, reply, aged, told, otherwise))
        : fromHere(x, entry, reply, aged, told, otherwise);
  }

  /** Fresh, or the origin has just said so. */
  private static boolean isCurrent(Told told) {
    return told.reason() == ServeReason.HIT_FRESH
        || (told.reason() == ServeReason.HIT_REVALIDATED && told.note().isEmpty());
  }

  /** What was signed for, or fetched in our own name, is not handed on by a URL of ours. */
  private boolean mayRedirect(Exchange x) {
    return x.route.effects().get(Effect.OBJECT_REDIRECT, redirect.on())
        && x.route.signature() == null
        && !CacheKeys.isInOurName(x.route.effects());
  }

  private EdgeResponse redirected(Exchange x, String url, Told told) {
    Headers fields = Headers.of("Location", url, "Cache-Control", "no-store");
    return answers.bodiless(
        x,
        new ResponseHead(303, "See Other", fields),
        new Told(
            ServeReason.HIT_REDIRECT,
            told.status().withDetail(ServeReason.HIT_REDIRECT.label()),
            told.note(),
            told.leader()));
  }

  private CompletionStage<EdgeResponse> fromHere(
      Exchange x, Entry entry, Reply reply, Headers aged, Told told, Otherwise otherwise) {
    StoredResponse stored = entry.response();
    long length = entry.body().length();
    EdgeResponse without = withoutBody(x, entry, reply, aged, told);
    if (without != null) {
      return CompletableFuture.completedFuture(without);
    }
    Sending sending = sending(stored, reply, aged, length);
    ByteString hot = length == 0 ? ByteString.emptyByteString() : bodies.hot(entry);
    if (hot != null) {
      return CompletableFuture.completedFuture(
          answers.strict(x, sending.head, sending.of(hot), told));
    }
    return bodies
        .open(entry, sending.from(), sending.to(length))
        .handle(
            (opened, failure) -> {
              if (opened == null) {
                LOG.warn("The body of {} cannot be opened", entry.documentId(), failure);
                return otherwise.without(Missing.UNREADABLE);
              }
              return opened.isEmpty()
                  ? otherwise.without(Missing.NOT_WHOLE)
                  : CompletableFuture.completedFuture(
                      opened(x, entry, sending, opened.get(), told));
            })
        .thenCompose(answer -> answer);
  }

  /** Whether the entry is stored in part only and does not hold what this request wants. */
  boolean lacks(Exchange x, Entry entry) {
    OptionalLong length = OptionalLong.of(entry.body().length());
    return !entry.complete()
        && lacks(x, entry, Reply.choose(x.head, entry.response(), length, maxRanges));
  }

  /** Which bytes of the entry this request is answered with. */
  Span wanted(Exchange x, Entry entry) {
    long length = entry.body().length();
    Reply reply = Reply.choose(x.head, entry.response(), OptionalLong.of(length), maxRanges);
    Sending sending = sending(entry.response(), reply, Headers.EMPTY, length);
    return new Span(sending.from(), sending.to(length));
  }

  /** A range wholly within what is stored may be served from it, nothing else (RFC 9111 3.3). */
  private static boolean lacks(Exchange x, Entry entry, Reply reply) {
    if (!(entry.body() instanceof Body.Segmented body)) {
      return false;
    }
    return switch (reply) {
      case Reply.Whole ignored -> !x.head.isHead() && !body.complete();
      case Reply.Part part -> !holds(body, part.range());
      case Reply.Parts several -> !several.ranges().stream().allMatch(one -> holds(body, one));
      case Reply.NotModified ignored -> false;
      case Reply.PreconditionFailed ignored -> false;
      case Reply.Unsatisfiable ignored -> false;
    };
  }

  private static boolean holds(Body.Segmented body, ByteRanges.Part range) {
    return body.covers(range.first(), range.last() + 1);
  }

  /** How to fetch what the entry lacks, or null where it is of no help. */
  @Nullable Completion completion(Entry entry, List<String> targets, Materializer materializer) {
    return Completion.of(entry, targets, bodies, dropped, materializer);
  }

  /** What is sent of a body, and under which head. */
  private record Sending(ResponseHead head, long length, List<Bodies.Piece> pieces) {
    /** Of a body that is at hand. */
    ByteString of(ByteString whole) {
      ByteString sent = NOTHING;
      for (Bodies.Piece piece : pieces) {
        sent =
            sent.concat(
                switch (piece) {
                  case Bodies.Piece.Given(ByteString bytes) -> bytes;
                  case Bodies.Piece.Stretch(long from, long to) -> slice(whole, from, to);
                });
      }
      return sent;
    }

    /** The first byte of the stored body that is sent. */
    long from() {
      long from = Long.MAX_VALUE;
      for (Bodies.Piece piece : pieces) {
        from = piece instanceof Bodies.Piece.Stretch part ? Math.min(from, part.from()) : from;
      }
      return from == Long.MAX_VALUE ? 0 : from;
    }

    /** The end of what is sent of a body of that length. */
    long to(long bodyLength) {
      long to = 0;
      for (Bodies.Piece piece : pieces) {
        to = piece instanceof Bodies.Piece.Stretch part ? Math.max(to, part.to()) : to;
      }
      return to == 0 ? bodyLength : to;
    }

    Source<ByteString, NotUsed> of(Bodies.OpenBody body) {
      return pieces.size() == 1 && pieces.getFirst() instanceof Bodies.Piece.Stretch only
          ? body.bytes(only.from(), only.to())
          : body.woven(pieces);
    }
  }

  private static Sending sending(StoredResponse stored, Reply reply, Headers aged, long length) {
    if (reply instanceof Reply.Parts parts) {
      Multipart multipart = multipart(parts, aged);
      return new Sending(head(multipart, aged), multipart.length(), pieces(multipart));
    }
    Bodies.Piece.Stretch stretch =
        reply instanceof Reply.Part part
            ? new Bodies.Piece.Stretch(part.range().first(), part.range().last() + 1)
            : new Bodies.Piece.Stretch(0, length);
    return new Sending(head(stored, reply, aged), stretch.to() - stretch.from(), List.of(stretch));
  }

  private EdgeResponse opened(
      Exchange x, Entry entry, Sending sending, Bodies.OpenBody body, Told told) {
    long length = entry.body().length();
    ByteString strict = body.strict();
    if (strict != null) {
      return answers.strict(x, sending.head, sending.of(strict), told);
    }
    Source<ByteString, ?> bytes =
        sending
            .of(body)
            .mapError(
                StoreException.class,
                broken -> {
                  if (broken.kind() != StoreException.Kind.UNAVAILABLE) {
                    // This response is lost, the next one need not be.
                    var _ = damage.found(x, entry, new Span(sending.from(), sending.to(length)));
                  }
                  return broken;
                });
    return answers.streamed(
        x, sending.head, OptionalLong.of(sending.length), bytes, body::release, told);
  }

  private @Nullable EdgeResponse withoutBody(
      Exchange x, Entry entry, Reply reply, Headers aged, Told told) {
    StoredResponse stored = entry.response();
    long length = entry.body().length();
    return switch (reply) {
      case Reply.NotModified ignored ->
          answers.bodiless(x, new ResponseHead(304, "", Conditional.notModifiedFields(aged)), told);
      case Reply.PreconditionFailed ignored ->
          answers.problem(
              x, new Problem(412, "precondition", "The stored response does not match."), told);
      case Reply.Unsatisfiable range -> answers.strict(x, unsatisfiable(range), NOTHING, told);
      case Reply.Part ignored -> null;
      case Reply.Parts ignored -> null;
      case Reply.Whole ignored ->
          x.head.isHead()
              ? answers.bodiless(
                  x,
                  new ResponseHead(
                      stored.status(),
                      stored.reason(),
                      aged.plus("Content-Length", Long.toString(length))),
                  told)
              : null;
    };
  }

  static final ByteString NOTHING = ByteString.emptyByteString();

  static ResponseHead unsatisfiable(Reply.Unsatisfiable range) {
    return new ResponseHead(
        416,
        "",
        Headers.of(
            "Content-Range",
            ByteRanges.unsatisfied(range.totalBytes()),
            "Cache-Control",
            "no-store"));
  }

  /** The head of a whole response or of the part that was chosen. */
  static ResponseHead head(StoredResponse stored, Reply reply, Headers fields) {
    return reply instanceof Reply.Part part
        ? new ResponseHead(
            206, "", fields.with("Content-Range", part.range().contentRange(part.totalBytes())))
        : new ResponseHead(stored.status(), stored.reason(), fields);
  }

  static Multipart multipart(Reply.Parts parts, Headers fields) {
    return Multipart.of(parts, fields.first("Content-Type"));
  }

  /** The head of several parts: each says its own type and range (RFC 9110 15.3.7.2). */
  static ResponseHead head(Multipart multipart, Headers fields) {
    return new ResponseHead(206, "", fields.with("Content-Type", multipart.mediaType()));
  }

  static List<Bodies.Piece> pieces(Multipart multipart) {
    List<Bodies.Piece> pieces = new ArrayList<>(2 * multipart.ranges().size() + 1);
    for (int i = 0; i < multipart.ranges().size(); i++) {
      ByteRanges.Part range = multipart.ranges().get(i);
      pieces.add(given(multipart.heading(i)));
      pieces.add(new Bodies.Piece.Stretch(range.first(), range.last() + 1));
    }
    pieces.add(given(multipart.closing()));
    return pieces;
  }

  private static Bodies.Piece given(byte[] bytes) {
    return new Bodies.Piece.Given(ByteString.fromArrayUnsafe(bytes));
  }

  private Headers aged(Exchange x, Entry entry, long nowMillis) {
    return entry
        .response()
        .headers()
        .with("Age", Long.toString(freshness(x, entry).ageSeconds(nowMillis)));
  }

  private static ByteString slice(ByteString whole, long from, long to) {
    return from == 0 && to == whole.size() ? whole : whole.slice((int) from, (int) to);
  }
}
