package dev.weir.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A CA's key with its chain, both checked.
 *
 * @param chain the CA's own certificate first, then its issuers as far as they were given; the last
 *     is what clients have to trust
 */
record CaMaterial(PrivateKey key, List<X509Certificate> chain) {
  X509Certificate certificate() {
    return chain.getFirst();
  }
}
