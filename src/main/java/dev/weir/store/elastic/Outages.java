package dev.weir.store.elastic;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether it is worth asking: after some failures in a row calls are refused at once, but for one
 * now and then that looks whether the servers are back. Says so in the log when it begins, at most
 * once per interval while it lasts, and when it is over. Reads and writes have one each.
 */
final class Outages {
  private static final Logger log = LoggerFactory.getLogger(Outages.class);

  private final String what;
  private final ElasticSettings.Failures settings;
  private final LongSupplier nanoTime;
  private final AtomicInteger failuresInRow = new AtomicInteger();
  private final AtomicLong nextProbeNanos = new AtomicLong();
  private final AtomicLong nextLogNanos;
  private final AtomicLong unlogged = new AtomicLong();
  private volatile @Nullable Trouble last;

  Outages(String what, ElasticSettings.Failures settings, LongSupplier nanoTime) {
    this.what = what;
    this.settings = settings;
    this.nanoTime = nanoTime;
    this.nextLogNanos = new AtomicLong(nanoTime.getAsLong());
  }

  /** Nothing if the call may be made, or why it is refused. */
  @Nullable Trouble refusal() {
    if (!isOpen()) {
      return null;
    }
    long now = nanoTime.getAsLong();
    long probe = nextProbeNanos.get();
    if (now - probe >= 0
        && nextProbeNanos.compareAndSet(probe, now + nanos(settings.probeMillis()))) {
      return null;
    }
    return last;
  }

  boolean isOpen() {
    return failuresInRow.get() >= settings.openAfter();
  }

  void succeeded() {
    if (failuresInRow.get() != 0 && failuresInRow.getAndSet(0) >= settings.openAfter()) {
      log.info("Elasticsearch answers {} again", what);
    }
    last = null;
  }

  void failed(Trouble trouble) {
    if (trouble.kind().outage()) {
      last = trouble;
      nextProbeNanos.set(nanoTime.getAsLong() + nanos(settings.probeMillis()));
      failuresInRow.incrementAndGet();
    }
    tell(trouble);
  }

  private void tell(Trouble trouble) {
    long now = nanoTime.getAsLong();
    long next = nextLogNanos.get();
    if (now - next >= 0 && nextLogNanos.compareAndSet(next, now + nanos(settings.logMillis()))) {
      log.warn(
          "Elasticsearch fails {}: {} ({} such since the last line)",
          what,
          trouble.text(),
          unlogged.getAndSet(0) + 1);
    } else {
      unlogged.incrementAndGet();
    }
  }

  private static long nanos(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }
}
