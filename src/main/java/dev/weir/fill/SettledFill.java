package dev.weir.fill;

import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.http.Headers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/** Another node's fill of which only the head concerns this node: there is no body to read. */
record SettledFill(FillId id, FillHead told) implements Fill {
  @Override
  public CompletionStage<FillHead> head() {
    return CompletableFuture.completedStage(told);
  }

  @Override
  public Source<ByteString, NotUsed> read(long from, long to) {
    return Source.failed(new SpoolLost("the fill has no body to read here"));
  }

  @Override
  public Interest interest() {
    return () -> {};
  }

  @Override
  public CompletionStage<End> end() {
    return CompletableFuture.completedStage(new End.Unstored("followed"));
  }

  @Override
  public boolean answers(long askedNanos) {
    return true; // made for those who ask, and kept nowhere
  }

  @Override
  public boolean arrived() {
    return false;
  }

  @Override
  public Headers trailers() {
    return Headers.EMPTY;
  }

  @Override
  public @Nullable FillNote note() {
    return null;
  }

  @Override
  public @Nullable Epoch epoch() {
    return null;
  }
}
