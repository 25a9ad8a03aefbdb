package dev.weir.wire;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SubscriptionWithCancelException;
import org.apache.pekko.stream.stage.AbstractInHandler;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * The running side of {@link TlsStage}.
 *
 * <p>Every event ends in {@link #pump}, which moves the engine as far as demand and bytes allow and
 * then asks for what is missing. Three places hold bytes between events, all empty on an idle
 * connection: {@code pending} (plaintext not yet encrypted), {@code inbound} (ciphertext not yet
 * decrypted, at most one element and the head of a record) and {@code ready} (plaintext nobody has
 * asked for yet).
 */
final class TlsLogic extends TimerGraphStageLogic {
  private static final String HANDSHAKE_TIMER = "handshake";

  private final Inlet<ByteString> plainIn;
  private final Outlet<ByteString> cipherOut;
  private final Inlet<ByteString> cipherIn;
  private final Outlet<ByteString> plainOut;
  private final SSLEngine engine;
  private final TlsSettings settings;
  private final CompletableFuture<TlsHandshake> handshake;

  private ByteString pending = ByteString.emptyByteString();
  private ByteString inbound = ByteString.emptyByteString();
  private @Nullable ByteString ready;

  private boolean handshakeDone;
  private boolean renegotiable;
  private boolean inboundEnded;
  private boolean closeSent;
  private int handshakeBytes;

  TlsLogic(
      BidiShape<ByteString, ByteString, ByteString, ByteString> shape,
      SSLEngine engine,
      TlsSettings settings,
      CompletableFuture<TlsHandshake> handshake) {
    super(shape);
    plainIn = shape.in1();
    cipherOut = shape.out1();
    cipherIn = shape.in2();
    plainOut = shape.out2();
    this.engine = engine;
    this.settings = settings;
    this.handshake = handshake;
    setHandler(plainIn, new PlainIn());
    setHandler(cipherIn, new CipherIn());
    setHandler(cipherOut, new CipherOut());
    setHandler(plainOut, new PlainOut());
  }

  private final class PlainIn extends AbstractInHandler {
    @Override
    public void onPush() {
      pending = grab(plainIn);
      pump();
    }

    @Override
    public void onUpstreamFinish() {
      pump();
    }

    /** No close_notify: the peer must not take what it has for the whole. */
    @Override
    public void onUpstreamFailure(Throwable failure) {
      failStage(failure);
    }
  }

  private final class CipherIn extends AbstractInHandler {
    @Override
    public void onPush() {
      ByteString bytes = grab(cipherIn);
      if (inboundEnded) {
        return;
      }
      inbound = inbound.isEmpty() ? bytes : inbound.concat(bytes);
      pump();
    }

    @Override
    public void onUpstreamFinish() {
      pump();
    }
  }

  private final class CipherOut extends AbstractOutHandler {
    @Override
    public void onPull() {
      pump();
    }

    /** Nobody takes our bytes any more: an end only if the peer had said its own. */
    @Override
    public void onDownstreamFinish(Throwable cause) {
      if (isFailure(cause)) {
        failStage(cause);
      } else if (inboundEnded) {
        completeStage();
      } else {
        failStage(new TlsTruncatedException());
      }
    }
  }

  private final class PlainOut extends AbstractOutHandler {
    @Override
    public void onPull() {
      pump();
    }

    /** The reader has enough: writing goes on, what still arrives is dropped. */
    @Override
    public void onDownstreamFinish(Throwable cause) {
      if (isFailure(cause)) {
        failStage(cause);
      } else {
        pump();
      }
    }
  }

  private static boolean isFailure(Throwable cause) {
    return !(cause instanceof SubscriptionWithCancelException.NonFailureCancellation);
  }

  @Override
  public void preStart() {
    try {
      engine.beginHandshake();
    } catch (SSLException refused) {
      failStage(refused);
      return;
    }
    scheduleOnce(HANDSHAKE_TIMER, Duration.ofMillis(settings.handshakeTimeoutMillis()));
    pump();
  }

  @Override
  public void onTimer(Object timer) {
    failStage(
        new SSLHandshakeException(
            "no TLS handshake within " + settings.handshakeTimeoutMillis() + " ms"));
  }

  @Override
  public void postStop() {
    if (!handshake.isDone()) {
      handshake.completeExceptionally(new SSLHandshakeException("closed during the handshake"));
    }
  }

  // ---- the pump -----------------------------------------------------------------------------

  private void pump() {
    try {
      while (step()) {
        // Each step moves bytes or the handshake; none can run for ever without new input.
      }
      settle();
    } catch (SSLException broken) {
      refuse(broken);
    }
  }

  /** Moves one thing on; false when only new bytes or new demand can help. */
  private boolean step() throws SSLException {
    deliver();
    HandshakeStatus status = engine.getHandshakeStatus();
    if (status == HandshakeStatus.NEED_TASK) {
      runTasks();
      return true;
    }
    if (status == HandshakeStatus.NEED_WRAP) {
      return isAvailable(cipherOut) && wrap(status);
    }
    if (isClosed(plainIn) && pending.isEmpty() && !closeSent) {
      closeSent = true;
      engine.closeOutbound();
      return true;
    }
    boolean moved = !inbound.isEmpty() && ready == null && unwrap();
    if (handshakeDone && !pending.isEmpty() && isAvailable(cipherOut)) {
      moved |= wrap(status);
    }
    return moved;
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /** Asks for what is missing and ends what has ended. */
  private void settle() throws SSLException {
    deliver();
    if (engine.isOutboundDone() && !isClosed(cipherOut)) {
      endOutbound();
    }
    if (inboundEnded && ready == null && !isClosed(plainOut)) {
      complete(plainOut);
    }
    if (isClosed(cipherOut) && isClosed(plainOut)) {
      completeStage();
      return;
    }
    if (isClosed(cipherIn)) {
      if (!inboundEnded && ready == null) {
        failStage(
            handshakeDone
                ? new TlsTruncatedException()
                : new SSLHandshakeException("closed during the handshake"));
      }
      return;
    }
    if (ready == null && !inboundEnded && !hasBeenPulled(cipherIn)) {
      pull(cipherIn);
    }
    if (handshakeDone
        && pending.isEmpty()
        && isAvailable(cipherOut)
        && !isClosed(plainIn)
        && !hasBeenPulled(plainIn)) {
      pull(plainIn);
    }
  }

  /** close_notify is out. TLS 1.2 answers the peer's at once: then our writer is told to stop. */
  private void endOutbound() {
    if (!isClosed(plainIn)) {
      pending = ByteString.emptyByteString();
      cancel(plainIn, new SSLException("the peer closed the connection"));
    }
    complete(cipherOut);
  }

  private void deliver() {
    if (ready == null) {
      return;
    }
    if (isClosed(plainOut)) {
      ready = null;
    } else if (isAvailable(plainOut)) {
      push(plainOut, ready);
      ready = null;
    }
  }

  /**
   * The engine has queued a fatal alert: send it, then end; nothing here looks like a clean end.
   */
  private void refuse(SSLException failure) {
    handshake.completeExceptionally(failure);
    pending = ByteString.emptyByteString();
    inbound = ByteString.emptyByteString();
    ByteString alert = alert();
    if (alert.isEmpty() || isClosed(cipherOut)) {
      failStage(failure);
      return;
    }
    if (!isClosed(plainOut)) {
      fail(plainOut, failure);
    }
    cancel(plainIn, failure);
    setHandler(cipherIn, ignoreAll());
    cancelTimer(HANDSHAKE_TIMER);
    emit(cipherOut, alert, this::completeStage);
  }

  private AbstractInHandler ignoreAll() {
    return new AbstractInHandler() {
      @Override
      public void onPush() {
        grab(cipherIn);
      }

      @Override
      public void onUpstreamFinish() {
        // The alert is still on its way out.
      }
    };
  }

  private ByteString alert() {
    try {
      TlsScratch scratch = TlsScratch.ofThread();
      engine.wrap(ByteBuffer.allocate(0), scratch.out(packetBytes()));
      return scratch.written();
    } catch (SSLException alsoBroken) {
      return ByteString.emptyByteString();
    }
  }

  // ---- out ----------------------------------------------------------------------------------

  /** Fills one element with up to {@code maxRecordsPerWrite} records. */
  private boolean wrap(HandshakeStatus before) throws SSLException {
    int packet = packetBytes();
    int records =
        before == HandshakeStatus.NEED_WRAP
            ? 2
            : Math.min(settings.maxRecordsPerWrite(), TlsRecords.of(pending.size()));
    TlsScratch scratch = TlsScratch.ofThread();
    ByteBuffer out = scratch.out(records * packet);
    ByteBuffer[] plain = handshakeDone ? buffers(pending) : new ByteBuffer[0];
    int consumed = 0;
    boolean moved = false;
    HandshakeStatus status = before;
    while (out.remaining() >= packet) {
      SSLEngineResult result = engine.wrap(plain, out);
      consumed += result.bytesConsumed();
      status = result.getHandshakeStatus();
      moved |= result.bytesProduced() > 0;
      if (status == HandshakeStatus.FINISHED) {
        moved = true;
        finishHandshake();
        status = engine.getHandshakeStatus();
      }
      if (result.getStatus() != Status.OK
          || (status != HandshakeStatus.NEED_WRAP
              && (status != HandshakeStatus.NOT_HANDSHAKING
                  || !handshakeDone
                  || consumed == pending.size()
                  || plain.length == 0))) {
        break;
      }
    }
    pending = consumed == pending.size() ? ByteString.emptyByteString() : pending.drop(consumed);
    if (out.position() > 0) {
      push(cipherOut, scratch.written());
    }
    return moved;
  }

  private static ByteBuffer[] buffers(ByteString bytes) {
    if (bytes.isEmpty()) {
      return new ByteBuffer[0];
    }
    if (bytes.isCompact()) {
      return new ByteBuffer[] {bytes.asByteBuffer()};
    }
    List<ByteBuffer> parts = new ArrayList<>(4);
    bytes.getByteBuffers().forEach(parts::add);
    return parts.toArray(ByteBuffer[]::new);
  }

  private int packetBytes() {
    return engine.getSession().getPacketBufferSize();
  }

  // ---- in -----------------------------------------------------------------------------------

  /** Decrypts the complete records at hand into one element. */
  private boolean unwrap() throws SSLException {
    TlsScratch scratch = TlsScratch.ofThread();
    ByteBuffer in = scratch.in.clear();
    int copied = inbound.copyToBuffer(in);
    in.flip();
    int complete = TlsRecords.completeBytes(in);
    if (complete == 0) {
      compactRest();
      return false;
    }
    byte[] plain = new byte[complete]; // records only shrink
    ByteBuffer out = ByteBuffer.wrap(plain);
    in.limit(complete);
    boolean moved = unwrapRecords(in, out);
    int consumed = in.position();
    if (!handshakeDone) {
      countHandshake(consumed);
    }
    inbound =
        inboundEnded || consumed == inbound.size()
            ? ByteString.emptyByteString()
            : inbound.drop(consumed);
    if (inbound.size() < copied) {
      compactRest();
    }
    if (out.position() > 0) {
      ready = sized(plain, out.position());
    }
    return moved;
  }

  private boolean unwrapRecords(ByteBuffer in, ByteBuffer plain) throws SSLException {
    boolean moved = false;
    while (in.hasRemaining()) {
      if (renegotiable && TlsRecords.isHandshake(in)) {
        throw new SSLHandshakeException("renegotiation is refused");
      }
      SSLEngineResult result = engine.unwrap(in, plain);
      HandshakeStatus status = result.getHandshakeStatus();
      moved |= result.bytesConsumed() > 0;
      if (status == HandshakeStatus.FINISHED) {
        finishHandshake();
        status = engine.getHandshakeStatus();
      }
      if (result.getStatus() == Status.CLOSED) {
        inboundEnded = true; // and whatever follows a close_notify is ignored (RFC 8446 6.1)
        return true;
      }
      if (result.getStatus() != Status.OK
          || status == HandshakeStatus.NEED_TASK
          || status == HandshakeStatus.NEED_WRAP) {
        break;
      }
    }
    return moved;
  }

  /** A part of a record must not keep the large element alive that it came in. */
  private void compactRest() {
    if (!inbound.isEmpty() && inbound.size() < TlsRecords.MAX_BYTES) {
      inbound = inbound.compact();
    }
  }

  private static ByteString sized(byte[] bytes, int length) {
    boolean wasteful = length < bytes.length - bytes.length / 8 - 64;
    return ByteString.fromArrayUnsafe(wasteful ? Arrays.copyOf(bytes, length) : bytes, 0, length);
  }

  private void countHandshake(int bytes) throws SSLException {
    handshakeBytes += bytes;
    if (handshakeBytes > settings.maxHandshakeBytes()) {
      throw new SSLHandshakeException(
          "handshake larger than " + settings.maxHandshakeBytes() + " bytes");
    }
  }

  private void finishHandshake() {
    if (handshakeDone) {
      return;
    }
    handshakeDone = true;
    cancelTimer(HANDSHAKE_TIMER);
    TlsHandshake done = TlsHandshake.of(engine);
    renegotiable = !"TLSv1.3".equals(done.protocol());
    handshake.complete(done);
  }
}
