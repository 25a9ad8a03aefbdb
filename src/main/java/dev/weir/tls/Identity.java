package dev.weir.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/** A certificate with its chain and key, as a server shows them or an authority signs with them. */
record Identity(PrivateKey key, List<X509Certificate> chain) {
  X509Certificate certificate() {
    return chain.getFirst();
  }
}
