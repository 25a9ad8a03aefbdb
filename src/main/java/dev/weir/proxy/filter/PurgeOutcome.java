package dev.weir.proxy.filter;

/** What became of a purge. */
public enum PurgeOutcome {
  /** It was stored; no node serves it any more. */
  DONE,
  /** Nothing was stored. */
  NOTHING,
  /** A node did not acknowledge, or the store could not be written: it may come back. */
  INCOMPLETE
}
