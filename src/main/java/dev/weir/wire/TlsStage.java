package dev.weir.wire;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.BidiShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.javadsl.BidiFlow;
import org.apache.pekko.stream.stage.AbstractGraphStageWithMaterializedValue;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * TLS 1.2 and 1.3 as one stage that fuses into the connection's graph.
 *
 * <pre>
 *   plainIn  ──▶ ┌──────────┐ ──▶ cipherOut
 *                │ SSLEngine│
 *   plainOut ◀── └──────────┘ ◀── cipherIn
 * </pre>
 *
 * <p><b>Ends.</b> plainIn completing sends close_notify and completes cipherOut; plainIn failing
 * fails cipherOut without one, so the peer sees a cut. close_notify from the peer completes
 * plainOut; cipherIn ending without one fails the stage with {@link TlsTruncatedException}. Either
 * direction may end first (RFC 8446 6.1); under TLS 1.2 the peer's close_notify ends both (RFC 5246
 * 7.2.1) and what was still to be written is refused. A fatal alert of ours is sent before
 * cipherOut completes.
 *
 * <p><b>Back-pressure.</b> plainIn is pulled only when cipherOut has demand. cipherIn is read ahead
 * by one element, because that is how a peer that closes while nobody reads is noticed; its
 * plaintext waits for demand and nothing more is read until it has gone.
 *
 * <p><b>Tasks</b> of the engine run on the stream's thread: half a millisecond of signature costs
 * the same anywhere, the dispatcher has one thread per core, and a hop to another pool and back
 * would only add to it. A key manager must therefore not block.
 *
 * <p>TLS 1.3 KeyUpdate and tickets work; renegotiation is refused. The materialized stage completes
 * before the first plaintext is pushed.
 */
public final class TlsStage
    extends AbstractGraphStageWithMaterializedValue<
        BidiShape<ByteString, ByteString, ByteString, ByteString>, CompletionStage<TlsHandshake>> {
  private final Inlet<ByteString> plainIn = Inlet.create("TlsStage.plainIn");
  private final Outlet<ByteString> cipherOut = Outlet.create("TlsStage.cipherOut");
  private final Inlet<ByteString> cipherIn = Inlet.create("TlsStage.cipherIn");
  private final Outlet<ByteString> plainOut = Outlet.create("TlsStage.plainOut");
  private final BidiShape<ByteString, ByteString, ByteString, ByteString> shape =
      new BidiShape<>(plainIn, cipherOut, cipherIn, plainOut);

  private final Supplier<SSLEngine> engines;
  private final boolean client;
  private final TlsSettings settings;

  private TlsStage(Supplier<SSLEngine> engines, boolean client, TlsSettings settings) {
    this.engines = engines;
    this.client = client;
    this.settings = settings;
  }

  /** The server's side; each materialization takes one new engine from the supplier. */
  public static BidiFlow<
          ByteString, ByteString, ByteString, ByteString, CompletionStage<TlsHandshake>>
      server(Supplier<SSLEngine> engines, TlsSettings settings) {
    return BidiFlow.fromGraph(new TlsStage(engines, false, settings));
  }

  /** The client's side; engines must carry the peer's name and their endpoint identification. */
  public static BidiFlow<
          ByteString, ByteString, ByteString, ByteString, CompletionStage<TlsHandshake>>
      client(Supplier<SSLEngine> engines, TlsSettings settings) {
    return BidiFlow.fromGraph(new TlsStage(engines, true, settings));
  }

  @Override
  public BidiShape<ByteString, ByteString, ByteString, ByteString> shape() {
    return shape;
  }

  @Override
  public Pair<GraphStageLogic, CompletionStage<TlsHandshake>> createLogicAndMaterializedValuePair(
      Attributes attributes) {
    CompletableFuture<TlsHandshake> handshake = new CompletableFuture<>();
    SSLEngine engine = engines.get();
    engine.setUseClientMode(client);
    return Pair.create(new TlsLogic(shape, engine, settings, handshake), handshake);
  }
}
