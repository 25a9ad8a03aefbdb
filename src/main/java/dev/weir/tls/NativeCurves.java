package dev.weir.tls;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Optional;
import org.conscrypt.Conscrypt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Arithmetic on elliptic curves in native code: the larger half of what a handshake costs, and most
 * of a leaf, when Java does it.
 *
 * <p>Java's TLS stays what speaks to clients and origins. It finds X25519 here (for every
 * connection) and ECDSA for the keys that were made or {@linkplain #adopt adopted} here; both
 * through {@link NativeCurvesProvider}, which is put first and has nothing else. Whoever cannot
 * load the library goes on with Java's own arithmetic.
 */
public final class NativeCurves {
  private static final Logger LOG = LoggerFactory.getLogger(NativeCurves.class);

  private final Provider library;

  private NativeCurves(Provider library) {
    this.library = library;
  }

  /** Loads the library once in a process, which takes some tens of milliseconds; empty without. */
  public static Optional<NativeCurves> of(TlsCaSettings settings) {
    return settings.nativeCurves() ? Loaded.CURVES : Optional.empty();
  }

  private static final class Loaded {
    static final Optional<NativeCurves> CURVES = load();

    private static Optional<NativeCurves> load() {
      try {
        Conscrypt.checkAvailability();
        NativeCurves curves = new NativeCurves(Conscrypt.newProvider());
        String keyClass = curves.newKeyPair().getPrivate().getClass().getName();
        Security.insertProviderAt(new NativeCurvesProvider(curves.library, keyClass), 1);
        return Optional.of(curves);
      } catch (GeneralSecurityException | RuntimeException | LinkageError missing) {
        LOG.info("handshakes use Java's arithmetic, not native code: {}", missing.toString());
        return Optional.empty();
      }
    }
  }

  /** A new key on P-256. */
  KeyPair newKeyPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", library);
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  /** The same key, to be signed with by native code; itself if it is none for that. */
  PrivateKey adopt(PrivateKey key) {
    if (!(key instanceof ECPrivateKey)) {
      return key;
    }
    try {
      return KeyFactory.getInstance("EC", library)
          .generatePrivate(new PKCS8EncodedKeySpec(key.getEncoded()));
    } catch (GeneralSecurityException unknownCurve) {
      LOG.debug("a key stays with Java's arithmetic", unknownCurve);
      return key;
    }
  }
}
