package dev.weir.origin;

import java.net.InetSocketAddress;
import java.util.List;

/** What the egress gate says to a destination. */
public sealed interface EgressVerdict {
  /** Addresses that may be dialled, best first, resolved; never empty. */
  record Allowed(List<InetSocketAddress> addresses) implements EgressVerdict {
    public Allowed {
      addresses = List.copyOf(addresses);
      if (addresses.isEmpty()) {
        throw new IllegalArgumentException("nothing to dial");
      }
    }
  }

  /**
   * No.
   *
   * @param loop the destination is this proxy itself
   * @param rule names what refused it: a built-in class or the item of a list
   * @param hint what the user can do, one sentence, or empty
   */
  record Refused(boolean loop, String rule, String hint) implements EgressVerdict {
    /** The failure a client is told, for this host. */
    public OriginFailure failure(String host) {
      OriginFailure.Kind kind = loop ? OriginFailure.Kind.LOOP : OriginFailure.Kind.EGRESS_DENIED;
      String message = "Destination " + host + " is refused: " + rule + ".";
      return new OriginFailure(kind, hint.isEmpty() ? message : message + " " + hint, null);
    }
  }
}
