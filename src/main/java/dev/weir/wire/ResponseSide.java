package dev.weir.wire;

import dev.weir.wire.RequestChannel.Exchange;
import java.util.ArrayDeque;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The response side of a guarded client connection: what Pekko renders for the exchange that was
 * let in, with its true head, until the client's side has taken it.
 *
 * <pre>
 *          let in             head              body ended
 *   NONE ──────────▶ PENDING ──────▶ STARTED ──────────────▶ WRITTEN ──taken──▶ NONE
 * </pre>
 *
 * <p>What goes out waits in {@code outbox}, which holds at most one response piece with its head,
 * besides interim heads.
 */
final class ResponseSide {
  private enum State {
    NONE,
    PENDING,
    STARTED,
    WRITTEN
  }

  private static final ByteString CONTINUE = ByteString.fromString("HTTP/1.1 100 Continue\r\n\r\n");

  private final RequestChannel channel;
  private final HeadParser parser;
  private final GuardSettings settings;
  private final ArrayDeque<ByteString> outbox = new ArrayDeque<>(4);
  private State state = State.NONE;
  private @Nullable AnswerFeed answer;
  private boolean closing;
  private int interimHeads;

  ResponseSide(RequestChannel channel, HeadParser parser, GuardSettings settings) {
    this.channel = channel;
    this.parser = parser;
    this.settings = settings;
  }

  // --- what happens

  /** An exchange is let in. */
  void expect() {
    state = State.PENDING;
    interimHeads = 0;
  }

  /**
   * Takes what Pekko has rendered.
   *
   * @param asked the exchange that it answers, or null if none is open
   * @return whether the connection is a tunnel from here on
   */
  boolean take(@Nullable Exchange asked, ByteString bytes) {
    if (state == State.STARTED) {
      goOn(bytes);
      return false;
    }
    if (asked == null) {
      // Pekko speaks unasked: something is wrong with the connection, and this is its last word.
      outbox.add(bytes);
      closing = true;
      return false;
    }
    return start(asked, bytes);
  }

  private boolean start(Exchange asked, ByteString bytes) {
    byte[] front = PekkoHead.front(bytes);
    PekkoHead rendered = PekkoHead.response(front);
    if (rendered.status() == 100) {
      outbox.add(CONTINUE);
      return false;
    }
    ServerAnswer begun = ServerAnswer.of(asked, rendered, isLast(asked));
    AnswerFeed running = new AnswerFeed(asked, begun, parser, settings);
    answer = running;
    outbox.addAll(running.begin(front, bytes.drop(rendered.length())));
    boolean tunnel = begun.switches();
    closing = begun.close() && !tunnel;
    state = running.ended() && !tunnel ? State.WRITTEN : State.STARTED;
    return tunnel;
  }

  private void goOn(ByteString bytes) {
    AnswerFeed running = answer;
    if (running == null) {
      return;
    }
    ByteString piece = running.next(bytes);
    if (piece != null) {
      outbox.add(piece);
    }
    if (running.ended()) {
      state = State.WRITTEN;
    }
  }

  private boolean isLast(Exchange asked) {
    return closing || channel.draining() || !asked.facts().keepAlive();
  }

  /** A response that is whole at once, of which Pekko hears nothing. */
  void whole(Exchange asked, ByteString body) {
    RequestChannel.Answer given = asked.answer();
    if (given == null) {
      throw new IllegalStateException("an answer without a head");
    }
    PekkoHead rendered = PekkoHead.wouldBe(given.status(), body.size());
    ServerAnswer begun = ServerAnswer.of(asked, rendered, isLast(asked));
    closing = begun.close();
    outbox.add(begun.whole(body, settings.coalesceBytes()));
    state = State.WRITTEN;
  }

  /** Bytes of a tunnel. */
  void tunnelled(ByteString bytes) {
    outbox.add(bytes);
  }

  /** An interim head, if there is still time for it; true if it goes out. */
  boolean interim(ByteString head) {
    if (state != State.PENDING || closing || interimHeads++ >= settings.maxInterimHeads()) {
      return false;
    }
    outbox.add(head);
    return true;
  }

  /** Instead of a response that has not begun, and the last thing that goes out. */
  void refuse(ByteString refusal) {
    state = State.NONE;
    outbox.add(refusal);
  }

  /** Pekko sends nothing more for this exchange. */
  void rendered() {
    state = State.WRITTEN;
  }

  /** After what is on its way, nothing more goes out. */
  void close() {
    closing = true;
  }

  /** The client's side has taken all of it. */
  void ended() {
    answer = null;
    state = State.NONE;
  }

  // --- how it stands

  /** What goes out next; null if nothing waits. */
  @Nullable ByteString poll() {
    return outbox.poll();
  }

  boolean isEmpty() {
    return outbox.isEmpty();
  }

  /** Neither expected nor on its way. */
  boolean isNone() {
    return state == State.NONE;
  }

  boolean hasStarted() {
    return state == State.STARTED || state == State.WRITTEN;
  }

  boolean isWritten() {
    return state == State.WRITTEN;
  }

  boolean isClosing() {
    return closing;
  }

  /** Whether a body would be cut off if Pekko ended now. */
  boolean isWithinBody() {
    return state == State.STARTED && (answer == null || !answer.untilClose());
  }
}
