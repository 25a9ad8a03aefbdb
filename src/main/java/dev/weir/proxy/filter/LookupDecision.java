package dev.weir.proxy.filter;

/** Whether what is stored is looked at. */
public sealed interface LookupDecision {
  LookupDecision LOOK = new Look();

  record Look() implements LookupDecision {}

  /** Go past the cache: nothing is looked up, waited for or stored. */
  record Bypass(String why) implements LookupDecision {}
}
