package dev.weir.wire;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** The other end of a connection under test: says bytes, and keeps what it hears. */
final class Peer {
  private final BoundedSourceQueue<ByteString> queue;
  private final CompletableFuture<Done> ended;
  private final StringBuilder heard = new StringBuilder();

  Peer(ActorSystem system, Flow<ByteString, ByteString, NotUsed> connection) {
    Pair<BoundedSourceQueue<ByteString>, CompletionStage<Done>> ends =
        Source.<ByteString>queue(100_000)
            .via(connection)
            .toMat(Sink.foreach(this::hear), Keep.both())
            .run(system);
    this.queue = ends.first();
    this.ended = ends.second().toCompletableFuture();
  }

  private synchronized void hear(ByteString bytes) {
    heard.append(bytes.decodeString(StandardCharsets.ISO_8859_1));
    notifyAll();
  }

  Peer say(String latin1) {
    queue.offer(ByteString.fromString(latin1, StandardCharsets.ISO_8859_1));
    return this;
  }

  Peer hangUp() {
    try {
      queue.complete();
    } catch (IllegalStateException e) {
      // The other side was quicker.
    }
    return this;
  }

  synchronized String heard() {
    return heard.toString();
  }

  /** Waits until what was heard is enough. */
  synchronized String await(Predicate<String> enough) {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!enough.test(heard.toString())) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("heard only: " + heard);
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
    return heard.toString();
  }

  String awaitText(String text) {
    return await(all -> all.contains(text));
  }

  /** Waits for the end of the connection; returns all that was heard, or throws how it failed. */
  String awaitEnd() throws ExecutionException {
    try {
      ended.get(10, TimeUnit.SECONDS);
      return heard();
    } catch (TimeoutException | InterruptedException e) {
      throw new AssertionError("not ended; heard: " + heard(), e);
    }
  }

  boolean hasEnded() {
    return ended.isDone();
  }
}
