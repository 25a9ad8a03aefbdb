package dev.weir.edge;

import javax.net.ssl.SSLEngine;

/**
 * Makes the engine that speaks for a host towards a client. Called on the connection's own thread,
 * once per intercepted connection: must not block. ALPN is set by the edge.
 */
@FunctionalInterface
public interface EngineFactory {
  SSLEngine engine(String host);
}
