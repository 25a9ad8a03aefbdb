package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;
import dev.weir.wire.RequestChannel.Exchange;
import java.time.Duration;
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
 * <p>The request side ({@link Phase}) and the {@link ResponseSide} move on their own; the slot is
 * free again when the response has been taken by the client's side. What {@link AtOnce} answers is
 * ANSWERING and written from the start, and Pekko keeps its demand for the next. Pekko is pulled
 * only when nothing waits to go out.
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

  private static final String TIMER = "deadline";

  private final RequestGuard guard;
  private final GuardSettings settings;
  private final HeadParser parser;
  private final RequestHeads heads;
  private final ResponseSide responses;
  private final InputBuffer in = new InputBuffer();

  private Phase phase = Phase.HEAD;
  private @Nullable Exchange exchange;
  private @Nullable BodyFeed feed;
  private boolean clientEnded;
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
    this.heads = new RequestHeads(guard, parser);
    this.responses = new ResponseSide(guard.channel, parser, settings);
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
    heads.skipEmptyLine(in);
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
    RequestFacts facts = heads.next(in);
    if (facts == null) {
      if (clientEnded) {
        completeStage();
      } else {
        pullClient();
      }
      return false;
    }
    letIn(facts);
    return true;
  }

  private void letIn(RequestFacts facts) {
    Exchange asked = guard.channel.open(facts);
    exchange = asked;
    pace.handedOn();
    responses.expect();
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
    responses.close();
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
        responses.tunnelled(bytes);
      } else if (responses.take(exchange, bytes)) {
        phase = Phase.TUNNEL;
        drive();
      }
      flush();
    }

    @Override
    public void onUpstreamFinish() {
      if (phase != Phase.TUNNEL) {
        if (responses.isWithinBody()) {
          failStage(new GuardViolation(Reason.TRUNCATED));
          return;
        }
        responses.rendered();
      }
      responses.close();
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

  /** Writes an answer of which Pekko hears nothing. */
  private void answerAtOnce(Exchange asked, ByteString body) {
    responses.whole(asked, body);
    phase = Phase.ANSWERING;
    pace.moved();
    flush();
  }

  private void interim(Interim interim) {
    if (exchange == interim.exchange && responses.interim(interim.octets)) {
      flush();
    }
  }

  private void drain() {
    if (phase == Phase.HEAD && in.isEmpty() && responses.isEmpty() && exchange == null) {
      completeStage();
    }
  }

  /** Gives the client what is ready; when all is taken, the next thing that is due. */
  private void flush() {
    if (isAvailable(guard.toClient)) {
      ByteString next = responses.poll();
      if (next != null) {
        push(guard.toClient, next);
        pace.given();
      } else if (responses.isWritten()) {
        endExchange();
      } else if (responses.isClosing() && (responses.isNone() || phase == Phase.TUNNEL)) {
        endOutput();
      }
    }
    boolean wanted = isAvailable(guard.toClient) && responses.isEmpty();
    if (wanted && !hasBeenPulled(guard.fromPekko) && !isClosed(guard.fromPekko)) {
      pull(guard.fromPekko);
    }
    arm();
  }

  private void endExchange() {
    exchange = null;
    responses.ended();
    guard.channel.close();
    // A body that was not read to its end must never be taken for the next request.
    if (responses.isClosing() || feed != null) {
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
    boolean head = exchange == null ? RequestHeads.beginsAsHead(in) : exchange.head().isHead();
    in.clear();
    complete(guard.toPekko);
    responses.close();
    phase = Phase.REFUSED;
    if (responses.hasStarted()) {
      return;
    }
    if (exchange != null) {
      exchange.clientGone();
      exchange = null;
      guard.channel.close();
    }
    cancel(guard.fromPekko);
    responses.refuse(Refusal.render(reason, id, head));
    flush();
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
