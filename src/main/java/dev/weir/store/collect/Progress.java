package dev.weir.store.collect;

/** Told how far a long piece of work is; cheap, from any thread. */
public interface Progress {
  /**
   * A phase begins.
   *
   * @param total steps it will take, or 0 if nobody knows
   */
  void phase(String name, long total);

  /** So many steps more are done. */
  void advance(long steps);

  /** For work nobody watches. */
  Progress NONE =
      new Progress() {
        @Override
        public void phase(String name, long total) {}

        @Override
        public void advance(long steps) {}
      };
}
