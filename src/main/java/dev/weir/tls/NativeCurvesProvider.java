package dev.weir.tls;

import java.io.Serial;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A security provider with the few services that {@link NativeCurves} is for. The library's own has
 * ciphers, digests and TLS too, which Java has as fast, and would become the default of them all.
 */
final class NativeCurvesProvider extends Provider {
  @Serial private static final long serialVersionUID = 1;

  private static final List<String> SIGNATURES =
      List.of("SHA256withECDSA", "SHA384withECDSA", "SHA512withECDSA");

  /**
   * @param keyClass the class of the library's private keys: other keys go to Java's services
   */
  NativeCurvesProvider(Provider library, String keyClass) {
    super("WeirCurves", "1", "X25519 and ECDSA in native code");
    Map<String, String> ownKeysOnly = Map.of("SupportedKeyClasses", keyClass);
    for (String algorithm : SIGNATURES) {
      Service theirs = library.getService("Signature", algorithm);
      putService(new Of(this, theirs, ownKeysOnly, theirs::newInstance));
    }
    Service pairs = library.getService("KeyPairGenerator", NativeX25519.ALGORITHM);
    putService(new Of(this, pairs, Map.of(), none -> new NativeX25519.Pairs(library)));
    Service agreement = library.getService("KeyAgreement", NativeX25519.ALGORITHM);
    Map<String, String> ownPairsOnly =
        Map.of("SupportedKeyClasses", NativeX25519.Secret.class.getName());
    putService(new Of(this, agreement, ownPairsOnly, none -> new NativeX25519.Agreement(library)));
  }

  @FunctionalInterface
  private interface Maker {
    Object make(@Nullable Object parameter) throws NoSuchAlgorithmException;
  }

  /** A service under the name that the library has for it. */
  private static final class Of extends Service {
    private final Maker maker;

    Of(Provider provider, Service theirs, Map<String, String> attributes, Maker maker) {
      super(
          provider,
          theirs.getType(),
          theirs.getAlgorithm(),
          theirs.getClassName(),
          List.of(),
          attributes);
      this.maker = maker;
    }

    @Override
    public Object newInstance(@Nullable Object parameter) throws NoSuchAlgorithmException {
      return maker.make(parameter);
    }
  }
}
