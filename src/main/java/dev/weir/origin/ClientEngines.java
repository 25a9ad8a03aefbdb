package dev.weir.origin;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.weir.tls.RuleTls;
import dev.weir.tls.UpstreamTrust;
import javax.net.ssl.SSLEngine;

/** Where the engines of TLS connections to origins come from; implemented over upstream trust. */
public interface ClientEngines {
  /** More identities than rules of one fleet have; what is left out is made again. */
  int MAX_RULES_REMEMBERED = 1_000;

  /**
   * A new engine in client mode for this peer, set to verify chain and name; {@code host} is a name
   * or an address without brackets, and goes into SNI if it is a name. Thread-safe.
   */
  SSLEngine engine(String host, int port);

  /** The engines for origins of which a rule says something else. */
  default ClientEngines on(RuleTls rule) {
    throw new UnsupportedOperationException("no TLS by rule");
  }

  /** One sentence for a client on why a handshake failed. */
  String explain(Throwable failure);

  /** The engines of the trust that the process was started with. */
  static ClientEngines of(UpstreamTrust trust) {
    Cache<RuleTls, ClientEngines> byRule =
        Caffeine.newBuilder().maximumSize(MAX_RULES_REMEMBERED).build();
    return new ClientEngines() {
      @Override
      public ClientEngines on(RuleTls rule) {
        return byRule.get(rule, added -> of(trust.on(added)));
      }

      @Override
      public SSLEngine engine(String host, int port) {
        return trust.clientEngine(host, port);
      }

      @Override
      public String explain(Throwable failure) {
        return trust.explain(failure);
      }
    };
  }
}
