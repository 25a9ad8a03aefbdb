package dev.weir.cli;

import dev.weir.origin.ClientEngines;
import dev.weir.tls.UpstreamTrust;
import javax.net.ssl.SSLEngine;

/** Lets the way out use the trust in origins. */
record TrustedEngines(UpstreamTrust trust) implements ClientEngines {
  @Override
  public SSLEngine engine(String host, int port) {
    return trust.clientEngine(host, port);
  }

  @Override
  public String explain(Throwable failure) {
    return trust.explain(failure);
  }
}
