package dev.weir.exchange;

import dev.weir.edge.EdgeResponse;
import dev.weir.filters.BodyFilters;
import dev.weir.filters.FilterFailure;
import dev.weir.filters.Phase;
import dev.weir.http.Headers;
import dev.weir.http.HopByHop;
import dev.weir.http.HttpDates;
import dev.weir.http.ResponseHead;
import dev.weir.http.Trailers;
import dev.weir.http.Via;
import dev.weir.log.ExchangeRecord;
import dev.weir.log.ServeReason;
import dev.weir.proxy.filter.ExchangeSummary;
import dev.weir.proxy.filter.FilterResponse;
import dev.weir.respond.BodyMeter;
import dev.weir.respond.Problem;
import java.time.Clock;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** The last phase: our own fields on the head, the body counted, the exchange told to the log. */
final class Answers {
  /** Gives back what a body holds: a pin, or the interest in a fill. Idempotent. */
  interface Hold {
    Hold NOTHING = () -> {};

    void release();
  }

  private static final String CACHE_STATUS = "Cache-Status";
  private static final String REQUEST_ID = "X-Request-ID";
  private static final String POLICY = "X-Proxy-Policy";

  private final ExchangeSettings settings;
  private final Clock clock;
  private final Consumer<ExchangeRecord> log;
  private final Materializer materializer;

  Answers(
      ExchangeSettings settings,
      Clock clock,
      Consumer<ExchangeRecord> log,
      Materializer materializer) {
    this.materializer = materializer;
    this.settings = settings;
    this.clock = clock;
    this.log = log;
  }

  /** A body that is at hand. {@code head} holds end-to-end fields only. */
  EdgeResponse strict(Exchange x, ResponseHead given, ByteString body, Told told) {
    BodyFilters filtering = x.responseBody();
    if (filtering != null && !body.isEmpty()) {
      OptionalLong length = OptionalLong.of(body.size());
      return streamed(x, given, length, Source.single(body), Hold.NOTHING, told);
    }
    ResponseHead head;
    try {
      head = filtered(x, given);
    } catch (FilterFailure failed) {
      return filterFailed(x, failed);
    }
    x.forgetBodyFilters();
    tell(x, head.status(), told, body.size(), true);
    ResponseEntity entity =
        body.isEmpty()
            ? HttpEntities.EMPTY
            : HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, body);
    return new EdgeResponse.Full(decorate(x, head, told), entity, false);
  }

  /** Without a body: HEAD, 304, 204. The caller has set Content-Length if there is to be one. */
  EdgeResponse bodiless(Exchange x, ResponseHead head, Told told) {
    return strict(x, head, ByteString.emptyByteString(), told);
  }

  /** A body that streams, without trailers. */
  EdgeResponse streamed(
      Exchange x,
      ResponseHead head,
      OptionalLong length,
      Source<ByteString, ?> body,
      Hold hold,
      Told told) {
    return streamed(x, head, length, body, Trailers.NONE, hold, told);
  }

  /** A body that streams; what it holds is released however it ends, and if it is never read. */
  EdgeResponse streamed(
      Exchange x,
      ResponseHead given,
      OptionalLong givenLength,
      Source<ByteString, ?> givenBody,
      Trailers givenTrailers,
      Hold givenHold,
      Told told) {
    ResponseHead head;
    try {
      head = filtered(x, given);
    } catch (FilterFailure failed) {
      givenHold.release();
      givenBody.runWith(Sink.cancelled(), materializer);
      return filterFailed(x, failed);
    }
    Source<ByteString, ?> body = givenBody;
    Trailers trailers = givenTrailers;
    Hold hold = givenHold;
    BodyFilters filtering = x.responseBody();
    if (filtering != null) {
      boolean none = givenTrailers.equals(Trailers.NONE);
      body = body.via(filtering.flow(none ? x.bodyTrailers() : givenTrailers.arrived()));
      trailers =
          none ? Trailers.NONE : new Trailers(givenTrailers.announced(), filtering::trailers);
      hold =
          () -> {
            filtering.closeUnread();
            givenHold.release();
          };
    }
    OptionalLong length = x.changesBody() ? OptionalLong.empty() : givenLength;
    Running running = new Running(x, head.status(), told, hold);
    Source<ByteString, ?> metered =
        body.via(new BodyMeter(running, length, x.edge.gone(), settings.clientGoneGraceMillis()));
    running.giveUpUnreadAfter(settings.unreadBodyMillis());
    ResponseEntity entity =
        length.isPresent()
            ? HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, length.getAsLong(), metered)
            : HttpEntities.create(ContentTypes.NO_CONTENT_TYPE, metered);
    return new EdgeResponse.Full(decorate(x, head, told), entity, false, trailers);
  }

  /** Passes 1xx responses on to this client as they come; nothing else is made of them. */
  Consumer<ResponseHead> interim(Exchange x) {
    return head -> {
      Optional<ResponseHead> wanted =
          x.filters.has(Phase.INTERIM) ? x.filters.interim(head) : Optional.of(head);
      if (wanted.isPresent()) {
        Headers all = wanted.get().headers();
        Headers fields = Via.append(HopByHop.strip(all), "1.1", settings.pseudonym());
        x.edge.interim().accept(wanted.get().withHeaders(fields));
      }
    };
  }

  /** After 101: raw bytes both ways; those to the client are counted. */
  EdgeResponse switched(
      Exchange x, ResponseHead given, Flow<ByteString, ByteString, NotUsed> bytes, Told told) {
    ResponseHead head = filtered(x, given);
    Running running = new Running(x, head.status(), told, Hold.NOTHING);
    Flow<ByteString, ByteString, NotUsed> metered =
        bytes.via(new BodyMeter(running, OptionalLong.empty(), new CompletableFuture<>(), 1));
    Headers fields = head.headers().toBuilder().set(REQUEST_ID, x.id).build();
    return new EdgeResponse.Switch(head.withHeaders(fields), metered);
  }

  /** What filters make of the head; less what spoke of a body that they change. */
  private static ResponseHead filtered(Exchange x, ResponseHead head) {
    if (x.filters.isEmpty() || x.unfiltered) {
      return head;
    }
    ResponseHead now = x.filters.has(Phase.RESPONSE) ? x.filters.response(head) : head;
    if (!x.changesBody()) {
      return now;
    }
    return now.status() == 304
        ? now.withHeaders(ChangedBody.weakened(now.headers()))
        : ChangedBody.head(now);
  }

  /** The client gets nothing that filters were to change and have not. */
  EdgeResponse filterFailed(Exchange x, FilterFailure failed) {
    x.unfiltered = true;
    x.forgetBodyFilters();
    return problem(
        x,
        new Problem(
            500,
            ServeReason.FILTER_FAILED.label(),
            "Filter '%s' failed in %s.".formatted(failed.filter(), failed.phase().label())),
        Told.own(ServeReason.FILTER_FAILED).withNote(failed.filter()));
  }

  /** An answer that a filter has made. */
  EdgeResponse made(Exchange x, FilterResponse response, Told told) {
    x.forgetBodyFilters();
    ByteString body = ByteString.fromByteBuffer(response.body().duplicate());
    Headers fields = HopByHop.strip(response.headers()).without("Content-Length");
    ResponseHead head =
        new ResponseHead(response.status(), Problem.title(response.status()), fields);
    if (x.head.isHead()) {
      Headers sized = fields.plus("Content-Length", Integer.toString(body.size()));
      return bodiless(x, head.withHeaders(sized), told);
    }
    return strict(x, head, body, told);
  }

  /** An error of our own. */
  EdgeResponse problem(Exchange x, Problem problem, Told told) {
    return problem(x, problem, Headers.EMPTY, told);
  }

  /** The same with more fields. */
  EdgeResponse problem(Exchange x, Problem problem, Headers more, Told told) {
    x.forgetBodyFilters();
    Headers.Builder all =
        Headers.of("Content-Type", Problem.MEDIA_TYPE, "Cache-Control", "no-store").toBuilder();
    more.forEach(all::add);
    Headers fields = all.build();
    byte[] document = problem.json(x.id);
    ResponseHead head = new ResponseHead(problem.status(), Problem.title(problem.status()), fields);
    if (x.head.isHead()) {
      Headers sized = fields.plus("Content-Length", Integer.toString(document.length));
      return bodiless(x, head.withHeaders(sized), told);
    }
    return strict(x, head, ByteString.fromArrayUnsafe(document), told);
  }

  private ResponseHead decorate(Exchange x, ResponseHead head, Told told) {
    Headers.Builder fields = Via.append(head.headers(), "1.1", settings.pseudonym()).toBuilder();
    String nearer = head.headers().combined(CACHE_STATUS);
    String own = told.status().text();
    fields.set(CACHE_STATUS, nearer == null || nearer.isBlank() ? own : nearer + ", " + own);
    fields.set(REQUEST_ID, x.id);
    fields.set(POLICY, x.route.policy().label());
    if (told.reason() == ServeReason.PASS_OWN_STORE) {
      fields.set(OwnStore.WARNING_FIELD, OwnStore.warning(x.head));
    }
    if (!head.headers().has("Date")) {
      fields.add("Date", HttpDates.format(clock.millis()));
    }
    return head.withHeaders(fields.build());
  }

  private void tell(Exchange x, int status, Told told, long bytes, boolean complete) {
    x.ended();
    long millis = (System.nanoTime() - x.startNanos) / 1_000_000;
    if (x.filters.has(Phase.LOGGING)) {
      x.filters.logging(
          new ExchangeSummary(status, told.reason().label(), told.note(), bytes, millis, complete));
    }
    log.accept(
        new ExchangeRecord(
            x.id,
            x.edge.connection().remote(),
            x.edge.head().method(),
            x.edge.head().url(),
            status,
            told.reason(),
            x.route.policy().label(),
            told.note(),
            told.leader(),
            bytes,
            millis,
            complete));
  }

  /** A body on its way. */
  private final class Running implements BodyMeter.Listener {
    private final Exchange x;
    private final int status;
    private final Told told;
    private final Hold hold;
    private final AtomicBoolean begun = new AtomicBoolean();

    // Cancelled once the body is read: a timer left to run out would keep the whole exchange.
    private final CompletableFuture<Void> unread = new CompletableFuture<>();

    Running(Exchange x, int status, Told told, Hold hold) {
      this.x = x;
      this.status = status;
      this.told = told;
      this.hold = hold;
    }

    @Override
    public void started() {
      begun.set(true);
      unread.cancel(false);
    }

    @Override
    public void ended(long bytes, boolean complete) {
      hold.release();
      tell(x, status, told, bytes, complete);
    }

    void giveUpUnreadAfter(long millis) {
      CompletionStage<Void> late = unread.completeOnTimeout(null, millis, TimeUnit.MILLISECONDS);
      late.thenRun(this::giveUpUnread);
    }

    /** The connection died between the head and the body: the stream was never started. */
    private void giveUpUnread() {
      if (begun.compareAndSet(false, true)) {
        hold.release();
        tell(x, status, told, 0, false);
      }
    }
  }
}
