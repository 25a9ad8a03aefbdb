package dev.weir.origin;

import dev.weir.tls.RuleTls;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What rules say of connections to an origin. Those on different terms are never shared.
 *
 * @param tls how TLS is spoken, or null as for all
 * @param localAddress that they come from, or null for what the system chooses
 */
public record ConnectionTerms(@Nullable RuleTls tls, @Nullable InetAddress localAddress) {
  /** Where rules say nothing. */
  public static final ConnectionTerms USUAL = new ConnectionTerms(null, null);

  /** What holds for another origin too: identities are for none but the rule's own. */
  ConnectionTerms forStrangers() {
    return tls == null ? this : new ConnectionTerms(null, localAddress);
  }
}
