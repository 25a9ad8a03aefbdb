package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;
import dev.weir.wire.RequestChannel.Exchange;
import java.time.Duration;
import java.util.ArrayDeque;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The states of a guarded client connection.
 *
 * <pre>
 *          head complete          body ended             response written
 *   HEAD ───────────────▶ BODY ───────────────▶ ANSWERING ───────────────▶ HEAD
 *    │  no body: straight to ANSWERING            │ 101
 *    │                                            └──────▶ TUNNEL
 *    └── refused, or the last response written ──▶ REFUSED ──▶ LINGER (read and drop, then end)
 * </pre>
 *
 * <p>The request side ({@link Phase}) and the response side ({@link Response}) move on their own;
 * the slot is free again when the response has been taken by the client's side. What {@link AtOnce}
 * answers is ANSWERING and WRITTEN from the start, and Pekko keeps its demand for the next.
 *
 * <p>What goes out waits in {@code outbox}, which holds at most one response piece with its head,
 * besides interim heads; Pekko is pulled only when it is empty.
 */
final class RequestGuardLogic extends TimerGraphStageLogic {
  private enum Phase {
    HEAD,
    BODY,
    ANSWERING,
    TUNNEL,
    REFUSED,
    LINGER
  }

  private enum Response {
    NONE,
    PENDING,
    STARTED,
    WRITTEN
  }

  private static final String TIMER = "deadline";
  private static final ByteString CONTINUE = ByteString.fromString("HTTP/1.1 100 Continue\r\n\r\n");

  private final RequestGuard guard;
  private final GuardSettings settings;
  private final HeadParser parser;
  private final HeadScanner scanner;
  private final InputBuffer in = new InputBuffer();
  private final ArrayDeque<ByteString> outbox = new ArrayDeque<>(4);

  private Phase phase = Phase.HEAD;
  private Response response = Response.NONE;
  private @Nullable Exchange exchange;
  private @Nullable BodyFeed feed;
  private @Nullable AnswerFeed answer;
  private boolean emptyLineSkipped;
  private boolean clientEnded;
  private boolean closing;
  private int interimHeads;
  private long serial;

  private final ClientPace pace;
  private long lingeredBytes;
  private boolean armed;
  private long armedNanos;

  RequestGuardLogic(RequestGuard guard) {
    super(guard.shape());
    this.guard = guard;
    this.settings = guard.settings;
    this.pace = new ClientPace(settings);
    this.parser = new HeadParser(settings);
    this.scanner = HeadScanner.ofRequests(settings);
    setHandler(guard.fromClient, new FromClient());
    setHandler(guard.toPekko, new ToPekko());
    setHandler(guard.fromPekko, new FromPekko());
    setHandler(guard.toClient, new ToClient());
  }

  private record Interim(Exchange exchange, ByteString octets) {}

  @Override
  public void preStart() {
    AsyncCallback<Interim> interim = createAsyncCallback(this::interim);
    AsyncCallback<Boolean> drain = createAsyncCallback(now -> drain());
    guard.channel.attach(
        (to, octets) -> interim.invoke(new Interim(to, octets)), () -> drain.invoke(true));
    pullClient();
    arm();
  }

  @Override
  public void postStop() {
    if (exchange != null) {
      exchange.clientGone();
    }
  }

  // ---- from the client ----

  private final class FromClient extends AbstractInHandler {
    @Override
    public void onPush() {
      ByteString bytes = grab(guard.fromClient);
      pace.received(bytes.size());
      if (phase == Phase.HEAD && in.isEmpty()) {
        pace.headBegins();
      }
      in.append(bytes);
      drive();
    }

    @Override
    public void onUpstreamFinish() {
      clientEnded = true;
      if (exchange != null && phase != Phase.TUNNEL) {
        exchange.clientGone();
      }
      drive();
    }

    @Override
    public void onUpstreamFailure(Throwable cause) {
      if (exchange != null) {
        exchange.clientGone();
      }
      failStage(cause);
    }
  }

  private final class ToPekko extends AbstractOutHandler {
    @Override
    public void onPull() {
      if (phase == Phase.BODY) {
        pace.askedFor();
      }
      drive();
    }

    @Override
    public void onDownstreamFinish(Throwable cause) {
      if (phase == Phase.TUNNEL) {
        cancel(guard.fromClient);
      }
      drive();
    }
  }

  /** Moves the request side as far as it goes. */
  private void drive() {
    try {
      boolean again = true;
      while (again) {
        again =
            switch (phase) {
              case HEAD -> readHead();
              case BODY -> forwardBody();
              case ANSWERING -> holdPipelined();
              case TUNNEL -> forwardTunnel();
              case REFUSED -> false;
              case LINGER -> dropRest();
            };
      }
    } catch (GuardViolation violation) {
      refuse(violation.reason());
    }
    arm();
  }

  private boolean readHead() {
    skipEmptyLine();
    if (in.isEmpty() || isClosed(guard.toPekko)) {
      if (clientEnded || isClosed(guard.toPekko)) {
        completeStage();
      } else {
        pullClient();
      }
      return false;
    }
    if (!isAvailable(guard.toPekko)) {
      return false;
    }
    int length = in.octets[in.from] == '\r' ? -1 : scanner.find(in.octets, in.from, in.to);
    if (length < 0) {
      if (clientEnded) {
        completeStage();
      } else {
        pullClient();
      }
      return false;
    }
    RequestFacts facts =
        parser.request(in.octets, in.from, in.from + length, guard.scheme, guard.tunnel);
    if (guard.misdirected.getAsBoolean()) {
      throw new GuardViolation(Reason.MISDIRECTED);
    }
    scanner.reset();
    emptyLineSkipped = false;
    in.skip(length);
    letIn(facts);
    return true;
  }

  /** One empty line before a request line is borne (RFC 9112 2.2). */
  private void skipEmptyLine() {
    if (!emptyLineSkipped && in.size() >= 2 && in.octets[in.from] == '\r') {
      if (in.octets[in.from + 1] != '\n') {
        throw new GuardViolation(Reason.BARE_CR);
      }
      in.skip(2);
      emptyLineSkipped = true;
    }
    if (emptyLineSkipped && !in.isEmpty() && in.octets[in.from] == '\r') {
      throw new GuardViolation(Reason.BAD_REQUEST_LINE);
    }
  }

  private void letIn(RequestFacts facts) {
    Exchange asked = guard.channel.open(facts);
    exchange = asked;
    pace.handedOn();
    response = Response.PENDING;
    interimHeads = 0;
    ByteString body = mayBeAnsweredAtOnce(facts) ? guard.atOnce.answer(asked) : null;
    if (body == null) {
      handOn(facts);
    } else {
      answerAtOnce(asked, body);
    }
  }

  private static boolean mayBeAnsweredAtOnce(RequestFacts facts) {
    return facts.framing() instanceof BodyFraming.None
        && (facts.head().isGet() || facts.head().isHead())
        && facts.upgrade() == null
        && !facts.expectContinue();
  }

  private void handOn(RequestFacts facts) {
    boolean whole =
        facts.framing() instanceof BodyFraming.Length length
            && length.bytes() <= Math.min(settings.wholeBodyBytes(), in.size());
    HeadWriter head = CanonicalHead.request(facts, ++serial, whole);
    phase = Phase.ANSWERING;
    if (whole && facts.framing() instanceof BodyFraming.Length length) {
      ByteString body = in.take((int) length.bytes());
      push(guard.toPekko, head.append(body).toByteString());
      return;
    }
    push(guard.toPekko, head.toByteString());
    if (!(facts.framing() instanceof BodyFraming.None)) {
      feed = BodyFeed.of(facts.framing(), true, parser, settings);
      phase = Phase.BODY;
      pace.windowBegins();
    }
  }

  private boolean forwardBody() {
    BodyFeed running = feed;
    if (running == null || isClosed(guard.toPekko)) {
      return false;
    }
    if (isAvailable(guard.toPekko)) {
      ByteString piece = running.next(in);
      if (running.ended() && exchange != null) {
        exchange.requestEnded(running.trailers());
      }
      if (piece != null) {
        push(guard.toPekko, piece);
        pace.handedOn();
      }
      if (running.ended()) {
        feed = null;
        phase = Phase.ANSWERING;
        return true;
      }
    }
    if (in.isEmpty()) {
      if (clientEnded) {
        endTruncated();
      } else {
        pullClient();
      }
    }
    return false;
  }

  /** The client ended within its body: Pekko fails the entity, and whatever is answered is last. */
  private void endTruncated() {
    guard.events.refused(Reason.TRUNCATED, "");
    complete(guard.toPekko);
    closing = true;
    phase = Phase.REFUSED;
  }

  /** Reads on within bounds, so that the client's end is noticed while it is being answered. */
  private boolean holdPipelined() {
    if (!clientEnded && in.size() < settings.pipelineBufferBytes()) {
      pullClient();
    }
    return false;
  }

  private boolean forwardTunnel() {
    if (!in.isEmpty() && isAvailable(guard.toPekko)) {
      push(guard.toPekko, in.take(in.size()));
    }
    if (in.isEmpty()) {
      if (clientEnded) {
        complete(guard.toPekko);
      } else if (isAvailable(guard.toPekko)) {
        pullClient();
      }
    }
    return false;
  }

  private boolean dropRest() {
    lingeredBytes += in.size();
    in.clear();
    if (clientEnded || lingeredBytes > settings.drainBytes()) {
      completeStage();
    } else {
      pullClient();
    }
    return false;
  }

  private void pullClient() {
    if (!hasBeenPulled(guard.fromClient) && !isClosed(guard.fromClient)) {
      pull(guard.fromClient);
    }
  }

  // ---- to the client ----

  private final class FromPekko extends AbstractInHandler {
    @Override
    public void onPush() {
      ByteString bytes = grab(guard.fromPekko);
      pace.moved();
      if (phase == Phase.TUNNEL) {
        outbox.add(bytes);
      } else if (response == Response.STARTED) {
        continueResponse(bytes);
      } else {
        startResponse(bytes);
      }
      flush();
    }

    @Override
    public void onUpstreamFinish() {
      boolean cut = response == Response.STARTED && (answer == null || !answer.untilClose());
      if (phase != Phase.TUNNEL && cut) {
        failStage(new GuardViolation(Reason.TRUNCATED));
        return;
      }
      response = phase == Phase.TUNNEL ? response : Response.WRITTEN;
      closing = true;
      flush();
    }
  }

  private final class ToClient extends AbstractOutHandler {
    @Override
    public void onPull() {
      flush();
    }

    @Override
    public void onDownstreamFinish(Throwable cause) {
      if (phase == Phase.LINGER) {
        return;
      }
      if (exchange != null) {
        exchange.clientGone();
      }
      cancelStage(cause);
    }
  }

  private void startResponse(ByteString bytes) {
    Exchange asked = exchange;
    if (asked == null) {
      // Pekko speaks unasked: something is wrong with the connection, and this is its last word.
      outbox.add(bytes);
      closing = true;
      return;
    }
    byte[] front = PekkoHead.front(bytes);
    PekkoHead rendered = PekkoHead.response(front);
    if (rendered.status() == 100) {
      outbox.add(CONTINUE);
      return;
    }
    ServerAnswer begun = ServerAnswer.of(asked, rendered, isLast(asked));
    AnswerFeed running = new AnswerFeed(asked, begun, parser, settings);
    closing = begun.close();
    answer = running;
    outbox.addAll(running.begin(front, bytes.drop(rendered.length())));
    response = running.ended() ? Response.WRITTEN : Response.STARTED;
    if (begun.switches()) {
      closing = false;
      response = Response.STARTED;
      phase = Phase.TUNNEL;
      drive();
    }
  }

  private boolean isLast(Exchange asked) {
    return closing || guard.channel.draining() || !asked.facts().keepAlive();
  }

  /** Writes an answer of which Pekko hears nothing. */
  private void answerAtOnce(Exchange asked, ByteString body) {
    RequestChannel.Answer given = asked.answer();
    if (given == null) {
      throw new IllegalStateException("an answer without a head");
    }
    PekkoHead rendered = PekkoHead.wouldBe(given.status(), body.size());
    ServerAnswer begun = ServerAnswer.of(asked, rendered, isLast(asked));
    closing = begun.close();
    outbox.add(begun.whole(body, settings.coalesceBytes()));
    response = Response.WRITTEN;
    phase = Phase.ANSWERING;
    pace.moved();
    flush();
  }

  private void continueResponse(ByteString bytes) {
    AnswerFeed running = answer;
    if (running == null) {
      return;
    }
    ByteString piece = running.next(bytes);
    if (piece != null) {
      outbox.add(piece);
    }
    if (running.ended()) {
      response = Response.WRITTEN;
    }
  }

  private void interim(Interim interim) {
    boolean inTime = exchange == interim.exchange && response == Response.PENDING;
    if (inTime && !closing && interimHeads++ < settings.maxInterimHeads()) {
      outbox.add(interim.octets);
      flush();
    }
  }

  private void drain() {
    if (phase == Phase.HEAD && in.isEmpty() && outbox.isEmpty() && exchange == null) {
      completeStage();
    }
  }

  /** Gives the client what is ready; when all is taken, the next thing that is due. */
  private void flush() {
    if (isAvailable(guard.toClient)) {
      ByteString next = outbox.poll();
      if (next != null) {
        push(guard.toClient, next);
        pace.given();
      } else if (response == Response.WRITTEN) {
        endExchange();
      } else if (closing && (response == Response.NONE || phase == Phase.TUNNEL)) {
        endOutput();
      }
    }
    boolean wanted = isAvailable(guard.toClient) && outbox.isEmpty();
    if (wanted && !hasBeenPulled(guard.fromPekko) && !isClosed(guard.fromPekko)) {
      pull(guard.fromPekko);
    }
    arm();
  }

  private void endExchange() {
    exchange = null;
    answer = null;
    response = Response.NONE;
    guard.channel.close();
    // A body that was not read to its end must never be taken for the next request.
    if (closing || feed != null) {
      endOutput();
    } else {
      phase = Phase.HEAD;
      pace.moved();
      pace.headBegins();
      drive();
    }
  }

  /** Ends what goes out; what still comes in is dropped for a while, lest it causes a reset. */
  private void endOutput() {
    complete(guard.toClient);
    if (phase == Phase.TUNNEL) {
      return;
    }
    complete(guard.toPekko);
    cancel(guard.fromPekko);
    phase = Phase.LINGER;
    pace.moved();
    drive();
  }

  private void refuse(Reason reason) {
    String id = guard.idSource.get();
    guard.events.refused(reason, id);
    boolean head = exchange == null ? startsWithHead() : exchange.head().isHead();
    in.clear();
    complete(guard.toPekko);
    closing = true;
    phase = Phase.REFUSED;
    if (response == Response.STARTED || response == Response.WRITTEN) {
      return;
    }
    if (exchange != null) {
      exchange.clientGone();
      exchange = null;
      guard.channel.close();
    }
    response = Response.NONE;
    cancel(guard.fromPekko);
    outbox.add(Refusal.render(reason, id, head));
    flush();
  }

  private boolean startsWithHead() {
    return in.size() > 4
        && in.octets[in.from] == 'H'
        && in.octets[in.from + 1] == 'E'
        && in.octets[in.from + 4] == ' ';
  }

  // ---- time ----

  /** When the present state has lasted too long on the receiving side. */
  private long receiveDeadline(long now) {
    return switch (phase) {
      case HEAD -> in.isEmpty() ? pace.idleDeadline() : pace.headDeadline();
      case BODY -> {
        boolean waited = in.isEmpty() && isAvailable(guard.toPekko);
        yield waited ? pace.bodyDeadline() : ClientPace.never(now);
      }
      case TUNNEL -> pace.tunnelDeadline();
      case LINGER -> pace.lingerDeadline();
      case ANSWERING, REFUSED -> ClientPace.never(now);
    };
  }

  private long sendDeadline(long now) {
    boolean stalled = !isAvailable(guard.toClient) && !isClosed(guard.toClient);
    return stalled ? pace.sendDeadline() : ClientPace.never(now);
  }

  /** One timer per connection, moved only when something is due sooner than it. */
  private void arm() {
    if (isClosed(guard.fromClient) && isClosed(guard.toClient)) {
      return;
    }
    long now = System.nanoTime();
    long due = ClientPace.earlier(receiveDeadline(now), sendDeadline(now));
    if (!ClientPace.isNever(due, now) && (!armed || due - armedNanos < 0)) {
      armed = true;
      armedNanos = due;
      scheduleOnce(TIMER, Duration.ofNanos(Math.max(1_000_000, due - now)));
    }
  }

  @Override
  public void onTimer(Object key) {
    armed = false;
    long now = System.nanoTime();
    if (ClientPace.isPast(sendDeadline(now), now)) {
      guard.events.refused(Reason.SEND_STALLED, "");
      failStage(new GuardViolation(Reason.SEND_STALLED));
    } else if (ClientPace.isPast(receiveDeadline(now), now)) {
      expire(now);
    }
    arm();
  }

  private void expire(long now) {
    switch (phase) {
      case HEAD -> {
        if (in.isEmpty()) {
          completeStage();
        } else {
          refuse(Reason.HEAD_TIMEOUT);
        }
      }
      case BODY -> {
        if (pace.isBodyTooSlow(now)) {
          refuse(Reason.BODY_TIMEOUT);
        } else {
          pace.windowBegins();
        }
      }
      case TUNNEL, LINGER -> completeStage();
      case ANSWERING, REFUSED -> {}
    }
  }
}
