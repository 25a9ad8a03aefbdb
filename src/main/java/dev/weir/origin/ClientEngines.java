package dev.weir.origin;

import dev.weir.tls.UpstreamTrust;
import javax.net.ssl.SSLEngine;

/** Where the engines of TLS connections to origins come from; implemented over upstream trust. */
public interface ClientEngines {
  /**
   * A new engine in client mode for this peer, set to verify chain and name; {@code host} is a name
   * or an address without brackets, and goes into SNI if it is a name. Thread-safe.
   */
  SSLEngine engine(String host, int port);

  /** One sentence for a client on why a handshake failed. */
  String explain(Throwable failure);

  /** The engines of the trust that the process was started with. */
  static ClientEngines of(UpstreamTrust trust) {
    return new ClientEngines() {
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
