package dev.weir.edge;

import dev.weir.edge.FirstBytes.Refuse;
import dev.weir.http.Authority;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * A tunnel that is being connected. A tunnel that arrives after it was abandoned is run and ended,
 * or its connection would stay open for ever. Thread-safe.
 */
final class TunnelOpening {

  /** How it went. */
  sealed interface Outcome {}

  record Opened(Flow<ByteString, ByteString, NotUsed> bytes) implements Outcome {}

  /** With what a client is answered that still waits for an answer. */
  record NotOpened(Refuse refusal) implements Outcome {}

  private final EdgeContext context;
  private @Nullable Flow<ByteString, ByteString, NotUsed> untaken;
  private boolean abandoned;

  private TunnelOpening(EdgeContext context) {
    this.context = context;
  }

  /**
   * Starts to connect; {@code then} is called on any thread, at most once, and answers an {@link
   * Opened} with {@link #taken}.
   */
  static TunnelOpening start(EdgeContext context, Authority destination, Consumer<Outcome> then) {
    TunnelOpening opening = new TunnelOpening(context);
    CompletionStage<Flow<ByteString, ByteString, NotUsed>> tunnel;
    try {
      tunnel = context.tunneller().open(destination);
    } catch (RuntimeException refused) {
      tunnel = CompletableFuture.failedFuture(refused);
    }
    tunnel.whenComplete(
        (bytes, failure) -> {
          if (bytes == null) {
            then.accept(notOpened(destination, failure));
          } else if (opening.offer(bytes)) {
            then.accept(new Opened(bytes));
          }
        });
    return opening;
  }

  /** The tunnel is in use: from here on it is not ours to end. */
  synchronized void taken() {
    untaken = null;
  }

  /** Nobody waits for it any more. */
  synchronized void abandon() {
    abandoned = true;
    end(untaken);
    untaken = null;
  }

  private synchronized boolean offer(Flow<ByteString, ByteString, NotUsed> bytes) {
    if (abandoned) {
      end(bytes);
      return false;
    }
    untaken = bytes;
    return true;
  }

  private void end(@Nullable Flow<ByteString, ByteString, NotUsed> bytes) {
    if (bytes != null) {
      Source.<ByteString>empty().via(bytes).runWith(Sink.cancelled(), context.materializer());
    }
  }

  private static NotOpened notOpened(Authority destination, @Nullable Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return new NotOpened(
        cause instanceof TunnelRefusedException refused
            ? new Refuse(403, "Forbidden", String.valueOf(refused.getMessage()), null)
            : new Refuse(
                502,
                "Bad Gateway",
                "No connection to " + destination.text("https") + " could be made.",
                null));
  }
}
