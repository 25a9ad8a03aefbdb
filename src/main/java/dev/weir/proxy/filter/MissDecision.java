package dev.weir.proxy.filter;

/** What to do where nothing usable is stored. */
public sealed interface MissDecision {
  MissDecision FETCH = new Fetch();

  /** Fetch it through the cache, once for all who ask. */
  record Fetch() implements MissDecision {}

  /** Fetch it for this client alone; nothing is stored. */
  record Pass(String why) implements MissDecision {}
}
