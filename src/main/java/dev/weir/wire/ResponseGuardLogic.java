package dev.weir.wire;

import dev.weir.wire.GuardViolation.Reason;
import dev.weir.wire.OriginChannel.Exchange;
import java.time.Duration;
import java.util.ArrayDeque;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The states of a guarded connection to an origin; both sides go back to {@code IDLE} when an
 * exchange ended cleanly, else the connection ends with it.
 *
 * <pre>
 *   request side   IDLE ──head──▶ BODY ──end──▶ SENT        (HELD until 101, then TUNNEL)
 *   response side  IDLE ──request head──▶ HEAD ──final head──▶ BODY ──end──▶ IDLE
 *                                          └─101─▶ TUNNEL
 * </pre>
 */
final class ResponseGuardLogic extends TimerGraphStageLogic {
  private enum Request {
    IDLE,
    BODY,
    SENT,
    HELD,
    TUNNEL
  }

  private enum Response {
    IDLE,
    HEAD,
    BODY,
    TUNNEL
  }

  private static final String CONTINUE_WAIT = "continue-wait";
  private static final ByteString CONTINUE = ByteString.fromString("HTTP/1.1 100 Continue\r\n\r\n");

  private final ResponseGuard guard;
  private final GuardSettings settings;
  private final HeadParser parser;
  private final HeadScanner scanner;
  private final InputBuffer in = new InputBuffer();
  private final InputBuffer held = new InputBuffer();
  private final ArrayDeque<ByteString> outbox = new ArrayDeque<>(4);

  private Request request = Request.IDLE;
  private Response response = Response.IDLE;
  private @Nullable Exchange exchange;
  private @Nullable BodyCounter counter;
  private @Nullable BodyFeed tunnelFeed;
  private @Nullable BodyFeed feed;
  private @Nullable ResponseFacts facts;
  private boolean expecting;
  private boolean waitedEnough;
  private boolean anyByte;
  private boolean originEnded;
  private boolean pekkoEnded;
  private int interimHeads;
  private int interimBytes;

  ResponseGuardLogic(ResponseGuard guard) {
    super(guard.shape());
    this.guard = guard;
    this.settings = guard.settings;
    this.parser = new HeadParser(settings);
    this.scanner = HeadScanner.ofResponses(settings);
    setHandler(guard.fromPekko, new FromPekko());
    setHandler(guard.toOrigin, new ToOrigin());
    setHandler(guard.fromOrigin, new FromOrigin());
    setHandler(guard.toPekko, new ToPekko());
  }

  @Override
  public void preStart() {
    pullOrigin();
  }

  @Override
  public void postStop() {
    guard.channel.reusable(false);
    Exchange unstarted = guard.channel.take();
    if (unstarted != null) {
      unstarted.failed(new GuardViolation(Reason.CLOSED));
    }
    if (exchange != null) {
      exchange.failed(new GuardViolation(Reason.CLOSED));
    }
  }

  // ---- to the origin ----

  private final class FromPekko extends AbstractInHandler {
    @Override
    public void onPush() {
      ByteString bytes = grab(guard.fromPekko);
      switch (request) {
        case IDLE -> startRequest(bytes);
        case BODY -> countRequest(bytes);
        case HELD -> held.append(bytes);
        case TUNNEL -> {
          held.append(bytes);
          unwrapTunnel();
        }
        case SENT -> throw new IllegalStateException("a request was rendered before its time");
      }
      flush();
    }

    @Override
    public void onUpstreamFinish() {
      pekkoEnded = true;
      if (request == Request.IDLE || request == Request.BODY) {
        completeStage();
      } else {
        flush();
      }
    }
  }

  private final class ToOrigin extends AbstractOutHandler {
    @Override
    public void onPull() {
      flush();
    }

    @Override
    public void onDownstreamFinish(Throwable cause) {
      // It reads no more, but may have answered already.
      outbox.clear();
      if (response == Response.IDLE) {
        cancelStage(cause);
      }
    }
  }

  private void startRequest(ByteString bytes) {
    Exchange begun = guard.channel.take();
    if (begun == null) {
      throw new IllegalStateException("a request was sent without OriginChannel.begin");
    }
    guard.channel.reusable(false);
    exchange = begun;
    response = Response.HEAD;
    interimHeads = 0;
    interimBytes = 0;
    anyByte = false;
    byte[] front = PekkoHead.front(bytes);
    PekkoHead rendered = PekkoHead.request(front);
    expecting = rendered.expectContinue();
    waitedEnough = false;
    if (expecting) {
      scheduleOnce(CONTINUE_WAIT, Duration.ofMillis(settings.continueWaitMillis()));
    }
    ByteString body = bytes.drop(rendered.length());
    HeadWriter head = new HeadWriter(1024 + Math.min(body.size(), settings.coalesceBytes()));
    head.requestLine(begun.request()).requestFields(begun.request().headers());
    BodyFraming framing = BodyFraming.NONE;
    if (rendered.chunked()) {
      framing = BodyFraming.CHUNKED;
    } else if (rendered.contentLength() > 0) {
      framing = BodyFraming.length(rendered.contentLength());
    }
    if (begun.mayTunnel()) {
      tunnelFeed = BodyFeed.of(framing, false, parser, settings);
      held.append(body);
      request = Request.HELD;
      outbox.add(head.crlf().toByteString());
      return;
    }
    if (rendered.chunked()) {
      head.raw("Transfer-Encoding: chunked\r\n").announcement(begun.sentTrailers());
    } else if (rendered.contentLength() >= 0) {
      head.field("Content-Length", Long.toString(rendered.contentLength()));
    }
    (expecting ? head.raw("Expect: 100-continue\r\n") : head).crlf();
    BodyCounter running = new BodyCounter(framing, parser, settings);
    running.count(body);
    counter = running;
    request = running.ended() ? Request.SENT : Request.BODY;
    sendTogether(head, withTrailers(running, begun, body));
  }

  private void sendTogether(HeadWriter head, ByteString body) {
    boolean together = body.size() <= settings.coalesceBytes();
    outbox.add((together ? head.append(body) : head).toByteString());
    if (!together) {
      outbox.add(body);
    }
  }

  private void countRequest(ByteString bytes) {
    BodyCounter running = counter;
    if (running != null) {
      running.count(bytes);
      request = running.ended() ? Request.SENT : Request.BODY;
      Exchange begun = exchange;
      outbox.add(begun == null ? bytes : withTrailers(running, begun, bytes));
    }
  }

  private static ByteString withTrailers(BodyCounter running, Exchange begun, ByteString bytes) {
    return running.ended() && running.chunked()
        ? HeadWriter.trailed(bytes, begun.sentTrailers().arrived().get())
        : bytes;
  }

  private void unwrapTunnel() {
    BodyFeed unwrapping = tunnelFeed;
    if (unwrapping == null) {
      return;
    }
    while (!held.isEmpty() && !unwrapping.ended()) {
      ByteString piece = unwrapping.next(held);
      if (piece != null) {
        outbox.add(piece);
      }
    }
    if (unwrapping.ended()) {
      pekkoEnded = true;
    }
  }

  private void flush() {
    if (isAvailable(guard.toOrigin)) {
      ByteString next = outbox.poll();
      if (next != null) {
        push(guard.toOrigin, next);
      } else if (request == Request.TUNNEL && pekkoEnded) {
        complete(guard.toOrigin);
      }
    }
    boolean wanted =
        isAvailable(guard.toOrigin)
            && outbox.isEmpty()
            && request != Request.HELD
            && !(request == Request.SENT && response != Response.IDLE);
    if (wanted && !hasBeenPulled(guard.fromPekko) && !isClosed(guard.fromPekko)) {
      pull(guard.fromPekko);
    }
  }

  // ---- from the origin ----

  private final class FromOrigin extends AbstractInHandler {
    @Override
    public void onPush() {
      in.append(grab(guard.fromOrigin));
      anyByte = true;
      drive();
    }

    @Override
    public void onUpstreamFinish() {
      originEnded = true;
      drive();
    }

    @Override
    public void onUpstreamFailure(Throwable cause) {
      if (exchange != null) {
        exchange.failed(cause);
      }
      failStage(cause);
    }
  }

  private final class ToPekko extends AbstractOutHandler {
    @Override
    public void onPull() {
      drive();
    }
  }

  private void drive() {
    try {
      boolean again = true;
      while (again) {
        again =
            switch (response) {
              case IDLE -> watchIdle();
              case HEAD -> readHead();
              case BODY -> forwardBody();
              case TUNNEL -> forwardTunnel();
            };
      }
    } catch (GuardViolation violation) {
      fail(violation);
    }
  }

  /** Nothing may arrive that was not asked for: it would answer the next request. */
  private boolean watchIdle() {
    if (!in.isEmpty()) {
      guard.events.refused(Reason.UNASKED_BYTES, "");
    }
    if (!in.isEmpty() || originEnded) {
      guard.channel.reusable(false);
      completeStage();
    } else {
      pullOrigin();
    }
    return false;
  }

  private boolean readHead() {
    Exchange running = exchange;
    if (running == null) {
      return false;
    }
    int length = in.isEmpty() ? -1 : scanner.find(in.octets, in.from, in.to);
    if (length < 0) {
      if (originEnded) {
        throw new GuardViolation(anyByte ? Reason.TRUNCATED : Reason.CLOSED);
      }
      if (expecting && waitedEnough && isAvailable(guard.toPekko)) {
        sayContinue();
      }
      pullOrigin();
      return false;
    }
    if (!isAvailable(guard.toPekko)) {
      // Found again when Pekko pulls, which it does as soon as it knows of the request.
      scanner.reset();
      return false;
    }
    scanner.reset();
    String method = running.request().method();
    ResponseFacts read = parser.response(in.octets, in.from, in.from + length, method);
    in.skip(length);
    int status = read.head().status();
    if (status == 101 || ("CONNECT".equals(method) && status / 100 == 2)) {
      switchToTunnel(running, read);
    } else if (status < 200) {
      return interim(running, read, length);
    } else {
      startResponse(running, read);
    }
    return true;
  }

  private boolean interim(Exchange running, ResponseFacts read, int length) {
    interimBytes += length;
    if (++interimHeads > settings.maxInterimHeads() || interimBytes > settings.maxInterimBytes()) {
      throw new GuardViolation(Reason.TOO_MANY_INTERIM);
    }
    if (read.head().status() != 100) {
      running.interim(read.head());
      return true;
    }
    if (expecting) {
      sayContinue();
      return false;
    }
    return true;
  }

  /** Lets Pekko send the body it holds back. */
  private void sayContinue() {
    expecting = false;
    cancelTimer(CONTINUE_WAIT);
    push(guard.toPekko, CONTINUE);
    if (exchange != null) {
      exchange.sayGoAhead();
    }
  }

  /** The origin does not know of 100: the body goes out without its word (RFC 9110 10.1.1). */
  @Override
  public void onTimer(Object key) {
    waitedEnough = true;
    if (response == Response.HEAD) {
      drive();
    }
  }

  private void switchToTunnel(Exchange running, ResponseFacts read) {
    if (!running.mayTunnel()) {
      throw new GuardViolation(Reason.UNASKED_SWITCH);
    }
    running.arrived(new ResponseFacts(read.head(), BodyFraming.UNTIL_CLOSE, false), true);
    response = Response.TUNNEL;
    request = Request.TUNNEL;
    push(guard.toPekko, ByteString.fromString("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
    unwrapTunnel();
    flush();
  }

  private void startResponse(Exchange running, ResponseFacts read) {
    facts = read;
    running.arrived(read, false);
    cancelTimer(CONTINUE_WAIT);
    boolean refused = expecting && read.head().status() >= 300;
    BodyFeed feeding = BodyFeed.of(read.framing(), true, parser, settings);
    feed = feeding;
    response = Response.BODY;
    boolean whole =
        read.framing() instanceof BodyFraming.Length length
            && length.bytes() <= Math.min(settings.wholeBodyBytes(), in.size());
    HeadWriter head = CanonicalHead.response(read, refused, whole ? in.size() : 0);
    ByteString body = whole ? feeding.next(in) : null;
    if (body != null) {
      head.append(body);
    }
    push(guard.toPekko, head.toByteString());
  }

  private boolean forwardBody() {
    BodyFeed running = feed;
    if (running == null) {
      return false;
    }
    if (!running.ended() && isAvailable(guard.toPekko)) {
      ByteString piece = running.next(in);
      if (piece != null) {
        push(guard.toPekko, piece);
      }
    }
    if (running.ended()) {
      endExchange(running);
      return false;
    }
    if (in.isEmpty()) {
      if (originEnded) {
        endWithConnection(running);
      } else {
        pullOrigin();
      }
    }
    return false;
  }

  private void endWithConnection(BodyFeed running) {
    ResponseFacts known = facts;
    if (known == null || !(known.framing() instanceof BodyFraming.UntilClose)) {
      throw new GuardViolation(Reason.TRUNCATED);
    }
    endExchange(running);
  }

  private void endExchange(BodyFeed ended) {
    Exchange done = exchange;
    ResponseFacts known = facts;
    exchange = null;
    feed = null;
    facts = null;
    counter = null;
    boolean clean =
        known != null && known.keepAlive() && request == Request.SENT && outbox.isEmpty();
    boolean more = !in.isEmpty();
    if (more) {
      guard.events.refused(Reason.UNASKED_BYTES, "");
    }
    boolean again = clean && !more && !originEnded && !pekkoEnded;
    guard.channel.reusable(again);
    if (done != null) {
      done.ended(ended.trailers());
    }
    if (again) {
      request = Request.IDLE;
      response = Response.IDLE;
      pullOrigin();
      flush();
    } else {
      completeStage();
    }
  }

  private boolean forwardTunnel() {
    if (!in.isEmpty() && isAvailable(guard.toPekko)) {
      push(guard.toPekko, in.take(in.size()));
    }
    if (in.isEmpty()) {
      if (originEnded) {
        complete(guard.toPekko);
      } else if (isAvailable(guard.toPekko)) {
        pullOrigin();
      }
    }
    return false;
  }

  private void pullOrigin() {
    if (!hasBeenPulled(guard.fromOrigin) && !isClosed(guard.fromOrigin)) {
      pull(guard.fromOrigin);
    }
  }

  private void fail(GuardViolation violation) {
    guard.events.refused(violation.reason(), "");
    guard.channel.reusable(false);
    if (exchange != null) {
      exchange.failed(violation);
    }
    failStage(violation);
  }
}
