package dev.weir.policy;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Whom a request is from, as far as rules may ask.
 *
 * @param address of the client; null where there is none, as in questions about a mere URL
 * @param listenerPort the port it came in on, 0 where there is none
 */
public record Caller(@Nullable InetAddress address, int listenerPort) {
  /** Nobody in particular: rules about clients and listeners do not match. */
  public static final Caller NOBODY = new Caller(null, 0);
}
