package dev.weir.fill;

import dev.weir.entry.Entry;
import dev.weir.entry.Epoch;
import dev.weir.entry.FillId;
import dev.weir.http.Headers;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One origin response being fetched: spooled, hashed and, if its intent says so, committed. Any
 * number of readers take the bytes, each at its own pace.
 */
public interface Fill {
  FillId id();

  /** Never fails: failures are a {@link FillHead.Failed}. */
  CompletionStage<FillHead> head();

  /**
   * The bytes from {@code from} up to but excluding {@code to} (Long.MAX_VALUE: to the end), from
   * the spool, as they arrive; fails if the fill does. A {@link FillIntent.Relay} has one reader
   * only, from 0. Materialise at most once; ending or cancelling it detaches this reader.
   */
  Source<ByteString, NotUsed> read(long from, long to);

  /**
   * The origin's trailer section, once its body has come to its end; empty before. For readers of
   * the running fill only: it is not stored with the entry.
   */
  Headers trailers();

  /** Says that someone waits, so that a fill nobody reads is not given up meanwhile. */
  Interest interest();

  /** How it ended; never fails. */
  CompletionStage<End> end();

  /**
   * Whether it may answer a request of that time ({@link System#nanoTime}). One that broke answers
   * nobody who came later, and before its time only with a failure that came instead of a head.
   */
  boolean answers(long askedNanos);

  /** Whether all its bytes are here: if they are to be stored, they are about to be. */
  boolean arrived();

  /** What other nodes need to follow it; null before its head, and where they may not. */
  @Nullable FillNote note();

  /** The epoch its key had when it was granted, to whichever node; null if it was not. */
  @Nullable Epoch epoch();

  interface Interest extends AutoCloseable {
    @Override
    void close();
  }

  /** How a fill ended. */
  sealed interface End {
    record Committed(Entry entry) implements End {}

    /** All bytes came, but nothing was stored, for that reason. */
    record Unstored(String reason) implements End {}

    record Broken(String reason) implements End {}
  }
}
