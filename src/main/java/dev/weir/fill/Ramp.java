package dev.weir.fill;

/**
 * How many connections a body should have: one until its rate is known, then twice as many again
 * and again while that pays. Pure; rates in bytes per second.
 *
 * <pre>
 *   Alone ──worth it──▶ Growing(2) ──gain──▶ Growing(4) … ──at the limit──▶ Settled(limit)
 *                          └──no gain──▶ Settled(the number before)
 * </pre>
 */
sealed interface Ramp {
  /** The connections there should be. */
  int target();

  Ramp after(Sample sample, AccelerationSettings settings);

  /** A request for a part failed: half of what there was. */
  default Ramp afterFailure() {
    return new Settled(Math.max(1, target() / 2));
  }

  /**
   * What came in a while.
   *
   * @param connections how many brought bytes all the while
   * @param remainingBytes of the body
   */
  record Sample(long bytes, long nanos, int connections, long remainingBytes) {
    double bytesPerSecond() {
      return bytes * 1e9 / Math.max(1, nanos);
    }
  }

  /** The first request alone, measured. */
  record Alone() implements Ramp {
    @Override
    public int target() {
      return 1;
    }

    @Override
    public Ramp after(Sample sample, AccelerationSettings settings) {
      double rate = sample.bytesPerSecond();
      boolean worthIt = sample.remainingBytes() > rate * settings.minRemainingMillis() / 1000;
      return worthIt && settings.maxConnections() > 1 ? new Growing(2, rate, 0) : this;
    }
  }

  /**
   * More of them than before.
   *
   * @param rate of the number before
   * @param waited samples in which they were not yet all there
   */
  record Growing(int target, double rate, int waited) implements Ramp {
    private static final int MAX_WAITED = 8;

    @Override
    public Ramp after(Sample sample, AccelerationSettings settings) {
      if (sample.connections() < target) {
        return waited < MAX_WAITED
            ? new Growing(target, rate, waited + 1)
            : new Settled(Math.max(1, sample.connections()));
      }
      double reached = sample.bytesPerSecond();
      if (reached < rate * (100 + settings.minGainPercent()) / 100) {
        return new Settled(target / 2);
      }
      return target >= settings.maxConnections()
          ? new Settled(target)
          : new Growing(Math.min(settings.maxConnections(), 2 * target), reached, 0);
    }
  }

  /** As many as pay. */
  record Settled(int target) implements Ramp {
    @Override
    public Ramp after(Sample sample, AccelerationSettings settings) {
      return this;
    }
  }
}
