package dev.weir.origin;

/**
 * The egress gates of a process by name: clients of different listeners may be let out to different
 * places. Asked for each request; never blocks.
 */
@FunctionalInterface
public interface EgressGates {
  /** The gate of that name, empty for that of the forward proxy. */
  EgressGate of(String name);

  /** Of a forward proxy alone. */
  static EgressGates of(EgressGate proxy) {
    return name -> proxy;
  }
}
