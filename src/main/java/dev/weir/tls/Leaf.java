package dev.weir.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

/**
 * What a server shows for one name: the minted certificate first, then the CA's intermediates, and
 * the key that all leaves of this node share.
 *
 * @param renewAt from when on the next client is shown a new one
 */
record Leaf(String name, List<X509Certificate> chain, PrivateKey key, Instant renewAt) {
  X509Certificate certificate() {
    return chain.getFirst();
  }
}
