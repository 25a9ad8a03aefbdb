package dev.weir.entry;

/**
 * The generation of a key: purge and invalidation raise it, and nothing older is ever committed. It
 * is at least the time in milliseconds at which that was done, by the clock of the node that did
 * it, so that a node that was out of reach can tell what it began before; 0 if it never was.
 */
public record Epoch(long value) implements Comparable<Epoch> {
  public static final Epoch FIRST = new Epoch(0);

  public Epoch next(long nowMillis) {
    return new Epoch(Math.max(value + 1, nowMillis));
  }

  /**
   * Whether it may have begun after that time of another node.
   *
   * @param skewMillis by which clocks may differ
   */
  public boolean mayBeginAfter(long millis, long skewMillis) {
    return value + skewMillis >= millis;
  }

  @Override
  public int compareTo(Epoch other) {
    return Long.compare(value, other.value);
  }
}
