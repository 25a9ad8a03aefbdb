package dev.weir.tls;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyPairGeneratorSpi;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.XECPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyAgreementSpi;
import javax.crypto.SecretKey;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * X25519 (RFC 7748) in the form in which Java's TLS asks for it, done by a library whose own keys
 * do not have Java's interfaces. A private key is good for one handshake and is never written down.
 */
final class NativeX25519 {
  static final String ALGORITHM = "XDH";

  private static final int KEY_BITS = 255;
  private static final int KEY_BYTES = 32;

  private NativeX25519() {}

  /** What is sent to the peer. */
  private record Point(PublicKey key) implements XECPublicKey {
    @Override
    public BigInteger getU() {
      byte[] x509 = key.getEncoded();
      byte[] littleEndian = Arrays.copyOfRange(x509, x509.length - KEY_BYTES, x509.length);
      byte[] bigEndian = new byte[KEY_BYTES];
      for (int i = 0; i < KEY_BYTES; i++) {
        bigEndian[i] = littleEndian[KEY_BYTES - 1 - i];
      }
      return new BigInteger(1, bigEndian);
    }

    @Override
    public AlgorithmParameterSpec getParams() {
      return NamedParameterSpec.X25519;
    }

    @Override
    public String getAlgorithm() {
      return ALGORITHM;
    }

    @Override
    public String getFormat() {
      return "X.509";
    }

    @Override
    public byte[] getEncoded() {
      return key.getEncoded();
    }
  }

  /** What stays. */
  record Secret(PrivateKey key) implements PrivateKey {
    @Override
    public String getAlgorithm() {
      return ALGORITHM;
    }

    @Override
    public @Nullable String getFormat() {
      return null;
    }

    @Override
    public byte @Nullable [] getEncoded() {
      return null;
    }

    @Override
    public String toString() {
      return "a private key"; // a record would show its parts
    }
  }

  /** Makes pairs. */
  static final class Pairs extends KeyPairGeneratorSpi {
    private final KeyPairGenerator generator;

    Pairs(Provider library) throws NoSuchAlgorithmException {
      generator = KeyPairGenerator.getInstance(ALGORITHM, library);
    }

    @Override
    public void initialize(int bits, @Nullable SecureRandom ignored) {
      if (bits != KEY_BITS) {
        throw new InvalidParameterException("X25519 has keys of " + KEY_BITS + " bits only");
      }
    }

    @Override
    public void initialize(@Nullable AlgorithmParameterSpec curve, @Nullable SecureRandom ignored)
        throws InvalidAlgorithmParameterException {
      if (!isX25519(curve)) {
        throw new InvalidAlgorithmParameterException("X25519 only");
      }
    }

    @Override
    public KeyPair generateKeyPair() {
      KeyPair pair = generator.generateKeyPair();
      return new KeyPair(new Point(pair.getPublic()), new Secret(pair.getPrivate()));
    }
  }

  private static boolean isX25519(@Nullable AlgorithmParameterSpec curve) {
    return curve instanceof NamedParameterSpec named
        && NamedParameterSpec.X25519.getName().equalsIgnoreCase(named.getName());
  }

  /** Finds the secret that a pair of ours and a peer's point have in common. */
  static final class Agreement extends KeyAgreementSpi {
    private final KeyAgreement agreement;
    private final KeyFactory points;
    private byte @Nullable [] secret;

    Agreement(Provider library) throws NoSuchAlgorithmException {
      agreement = KeyAgreement.getInstance(ALGORITHM, library);
      points = KeyFactory.getInstance(ALGORITHM, library);
    }

    @Override
    protected void engineInit(Key own, @Nullable SecureRandom ignored) throws InvalidKeyException {
      if (!(own instanceof Secret pair)) {
        throw new InvalidKeyException("not a key of this provider");
      }
      agreement.init(pair.key());
      secret = null;
    }

    @Override
    protected void engineInit(
        Key own, @Nullable AlgorithmParameterSpec curve, @Nullable SecureRandom ignored)
        throws InvalidKeyException, InvalidAlgorithmParameterException {
      if (curve != null) {
        throw new InvalidAlgorithmParameterException("the key says which curve it is");
      }
      engineInit(own, ignored);
    }

    /** The work is done here, where a bad point can be told from a fault of ours. */
    @Override
    protected @Nullable Key engineDoPhase(Key peer, boolean last) throws InvalidKeyException {
      if (!last) {
        throw new IllegalStateException("X25519 has two parties");
      }
      PublicKey point = nativePoint(peer);
      try {
        agreement.doPhase(point, true);
        secret = agreement.generateSecret();
      } catch (RuntimeException refused) {
        throw new InvalidKeyException("no secret with that point", refused);
      }
      if (isZero(secret)) { // RFC 7748 6.1
        throw new InvalidKeyException("a point of small order");
      }
      return null;
    }

    private static boolean isZero(byte[] bytes) {
      int any = 0;
      for (byte some : bytes) {
        any |= some;
      }
      return any == 0;
    }

    private PublicKey nativePoint(Key peer) throws InvalidKeyException {
      if (peer instanceof Point own) {
        return own.key();
      }
      if (!(peer instanceof XECPublicKey point) || !isX25519(point.getParams())) {
        throw new InvalidKeyException("not a point on X25519");
      }
      try {
        return points.generatePublic(new X509EncodedKeySpec(point.getEncoded()));
      } catch (GeneralSecurityException broken) {
        throw new InvalidKeyException("not a point on X25519", broken);
      }
    }

    @Override
    protected byte[] engineGenerateSecret() {
      byte[] found = secret;
      if (found == null) {
        throw new IllegalStateException("no peer's point yet");
      }
      secret = null;
      return found;
    }

    @Override
    protected int engineGenerateSecret(byte[] into, int at) throws ShortBufferException {
      if (into.length - at < KEY_BYTES) {
        throw new ShortBufferException("a secret takes " + KEY_BYTES + " bytes");
      }
      byte[] found = engineGenerateSecret();
      System.arraycopy(found, 0, into, at, found.length);
      return found.length;
    }

    @Override
    protected SecretKey engineGenerateSecret(String algorithm) {
      return new SecretKeySpec(engineGenerateSecret(), algorithm);
    }
  }
}
