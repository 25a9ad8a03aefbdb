package dev.weir.fill;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counters of this node's fills, for the admin room to publish. Thread-safe. */
public final class FillMetrics {
  final LongAdder started = new LongAdder();
  final LongAdder committed = new LongAdder();
  final LongAdder unstored = new LongAdder();
  final LongAdder broken = new LongAdder();
  final LongAdder abandoned = new LongAdder();
  final LongAdder resumed = new LongAdder();
  final LongAdder followed = new LongAdder();
  final LongAdder takenOver = new LongAdder();
  final LongAdder handedOver = new LongAdder();
  final LongAdder diskFull = new LongAdder();
  final LongAdder lostReaders = new LongAdder();
  final LongAdder originBytes = new LongAdder();
  final LongAdder peerBytes = new LongAdder();
  final LongAdder parts = new LongAdder();
  final LongAdder partsFailed = new LongAdder();
  final LongAdder streamsCut = new LongAdder();
  final LongAdder windowReadBytes = new LongAdder();
  final LongAdder diskReadBytes = new LongAdder();
  final AtomicInteger readers = new AtomicInteger();

  /** Fills started. */
  public long started() {
    return started.sum();
  }

  /** Fills whose entry was committed. */
  public long committed() {
    return committed.sum();
  }

  /** Fills whose bytes all came but were not stored. */
  public long unstored() {
    return unstored.sum();
  }

  /** Fills that failed, abandoned ones included. */
  public long broken() {
    return broken.sum();
  }

  /** Fills stopped because nobody read them. */
  public long abandoned() {
    return abandoned.sum();
  }

  /** Broken connections mended by a range request. */
  public long resumed() {
    return resumed.sum();
  }

  /** Fills of other nodes that were read along here. */
  public long followed() {
    return followed.sum();
  }

  /** Fills of lost leaders that went on here. */
  public long takenOver() {
    return takenOver.sum();
  }

  /** Fills that another node went on with when this one was stopped. */
  public long handedOver() {
    return handedOver.sum();
  }

  /** Fills that went on unstored because the disk was full. */
  public long diskFull() {
    return diskFull.sum();
  }

  /** Readers sent back because their bytes were no longer at hand. */
  public long lostReaders() {
    return lostReaders.sum();
  }

  /** Body bytes received from origins by spooled fills. */
  public long originBytes() {
    return originBytes.sum();
  }

  /** Body bytes received from the nodes that lead the fills read along here. */
  public long peerBytes() {
    return peerBytes.sum();
  }

  /** Parts of bodies fetched over connections of their own. */
  public long parts() {
    return parts.sum();
  }

  /** Requests for parts that failed or were answered with something else. */
  public long partsFailed() {
    return partsFailed.sum();
  }

  /** First streams ended early, because the rest came over others. */
  public long streamsCut() {
    return streamsCut.sum();
  }

  /** Bytes given to readers from memory. */
  public long windowReadBytes() {
    return windowReadBytes.sum();
  }

  /** Bytes given to readers from spool files and chunks. */
  public long diskReadBytes() {
    return diskReadBytes.sum();
  }

  /** Readers attached now. */
  public int readers() {
    return readers.get();
  }
}
