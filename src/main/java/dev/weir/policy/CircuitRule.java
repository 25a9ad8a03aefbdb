package dev.weir.policy;

/**
 * When the origins of a rule's requests are left alone; {@link #AS_SET} leaves a limit to the
 * settings.
 *
 * @param failures in a row that open the circuit; 0 switches it off for these requests
 * @param windowMillis within which they lie; 0 is any time
 * @param openMillis until one request may see how the origin fares
 */
public record CircuitRule(int failures, long windowMillis, long openMillis) {
  public static final int AS_SET = -1;
  public static final CircuitRule OFF = new CircuitRule(0, AS_SET, AS_SET);
}
