package dev.weir.cluster;

import dev.weir.tls.PeerIdentity;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import scala.Option;

/** Mutual TLS for the control connections, with this node's identity. */
final class PeerEngines implements SSLEngineProvider {
  private final PeerIdentity identity;

  PeerEngines(PeerIdentity identity) {
    this.identity = identity;
  }

  @Override
  public SSLEngine createServerSSLEngine(String hostname, int port) {
    return identity.serverEngine();
  }

  @Override
  public SSLEngine createClientSSLEngine(String hostname, int port) {
    return identity.clientEngine();
  }

  /** The chain has been checked in the handshake; the name says nothing more. */
  @Override
  public Option<Throwable> verifyClientSession(String hostname, SSLSession session) {
    return Option.empty();
  }

  @Override
  public Option<Throwable> verifyServerSession(String hostname, SSLSession session) {
    return Option.empty();
  }
}
