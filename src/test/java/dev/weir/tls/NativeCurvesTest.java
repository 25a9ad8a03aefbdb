package dev.weir.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.interfaces.XECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPublicKeySpec;
import javax.crypto.KeyAgreement;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NativeCurvesTest {
  private static final String OURS = "WeirCurves";
  private static final byte[] TEXT = "signed".getBytes(StandardCharsets.UTF_8);
  private static NativeCurves curves;

  @BeforeAll
  static void load() {
    curves =
        NativeCurves.of(TlsFixtures.settings())
            .orElseThrow(() -> new AssertionError("the library must load where tests run"));
  }

  @RepeatedTest(20)
  void bothSidesOfAnAgreementFindTheSameSecretAsJavas() throws Exception {
    // Given: a pair of ours, and one of Java's as a peer has it
    KeyPair own = pair(Security.getProvider(OURS));
    KeyPair peer = pair(Security.getProvider("SunEC"));

    // When
    byte[] here = secret(KeyAgreement.getInstance("XDH"), own.getPrivate(), peer.getPublic());
    byte[] there =
        secret(KeyAgreement.getInstance("XDH"), peer.getPrivate(), asSent(own.getPublic()));

    // Then
    assertThat(here).hasSize(32).isEqualTo(there);
  }

  @Test
  void javaAsksUsFirstForX25519AndItselfForX448() throws Exception {
    // Given
    KeyPairGenerator one = KeyPairGenerator.getInstance("XDH");
    KeyPairGenerator other = KeyPairGenerator.getInstance("XDH");

    // When
    one.initialize(NamedParameterSpec.X25519);
    other.initialize(NamedParameterSpec.X448);

    // Then
    assertThat(one.generateKeyPair().getPrivate()).isInstanceOf(NativeX25519.Secret.class);
    assertThat(one.getProvider().getName()).isEqualTo(OURS);
    assertThat(((XECPublicKey) other.generateKeyPair().getPublic()).getParams())
        .extracting("name")
        .isEqualTo("X448");
  }

  /** RFC 7748 6.1: points whose secret is known to everybody, whatever our half is. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "1",
        "325606250916557431795983626356110631294008115727848805560023387167927233504",
        "39382357235489614581723060781553021112529911719440698176882885853963445705823",
        "57896044618658097711785492504343953926634992332820282019728792003956564819948",
        "57896044618658097711785492504343953926634992332820282019728792003956564819949",
        "57896044618658097711785492504343953926634992332820282019728792003956564819950"
      })
  void pointOfSmallOrderIsRefused(String u) throws Exception {
    // Given
    KeyPair own = pair(Security.getProvider(OURS));
    PublicKey peer =
        KeyFactory.getInstance("XDH")
            .generatePublic(new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(u)));
    KeyAgreement agreement = KeyAgreement.getInstance("XDH");
    agreement.init(own.getPrivate());

    // When, Then
    assertThatThrownBy(() -> agreement.doPhase(peer, true)).isInstanceOf(InvalidKeyException.class);
  }

  @Test
  void secretOfAnAgreementIsHandedOutOnce() throws Exception {
    // Given
    KeyPair own = pair(Security.getProvider(OURS));
    KeyAgreement agreement = KeyAgreement.getInstance("XDH");
    agreement.init(own.getPrivate());
    agreement.doPhase(pair(Security.getProvider(OURS)).getPublic(), true);

    // When
    agreement.generateSecret();

    // Then
    assertThatThrownBy(agreement::generateSecret).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void privateKeyShowsNothing() throws Exception {
    // Given
    PrivateKey key = pair(Security.getProvider(OURS)).getPrivate();

    // When
    String shown = key.toString();

    // Then
    assertThat(shown).isEqualTo("a private key");
    assertThat(key.getEncoded()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "secp256r1, SHA256withECDSA",
    "secp384r1, SHA384withECDSA",
    "secp521r1, SHA512withECDSA"
  })
  void adoptedKeySignsWhatJavaVerifies(String curve, String algorithm) throws Exception {
    // Given: the key of a brought CA
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    KeyPair brought = generator.generateKeyPair();

    // When
    Signature signing = Signature.getInstance(algorithm);
    signing.initSign(curves.adopt(brought.getPrivate()));
    signing.update(TEXT);
    byte[] signature = signing.sign();

    // Then
    assertThat(signing.getProvider().getName()).isEqualTo(OURS);
    Signature verifying = Signature.getInstance(algorithm);
    verifying.initVerify(brought.getPublic());
    verifying.update(TEXT);
    assertThat(verifying.verify(signature)).isTrue();
    assertThat(verifying.getProvider().getName()).isEqualTo("SunEC");
  }

  @Test
  void keyOfOthersIsSignedWithByJava() throws Exception {
    // Given
    KeyPair others = KeyPairGenerator.getInstance("EC").generateKeyPair();

    // When
    Signature signing = Signature.getInstance("SHA256withECDSA");
    signing.initSign(others.getPrivate());

    // Then
    assertThat(signing.getProvider().getName()).isEqualTo("SunEC");
  }

  @Test
  void otherKindsOfKeysAreLeftAlone() throws Exception {
    // Given
    PrivateKey rsa = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate();

    // When
    PrivateKey adopted = curves.adopt(rsa);

    // Then
    assertThat(adopted).isSameAs(rsa);
  }

  @Test
  void nothingElseOfTheLibraryBecomesADefault() {
    // Given
    Provider ours = Security.getProvider(OURS);

    // When
    var services = ours.getServices().stream().map(one -> one.getType() + " " + one.getAlgorithm());

    // Then
    assertThat(services)
        .containsExactlyInAnyOrder(
            "KeyAgreement XDH",
            "KeyPairGenerator XDH",
            "Signature SHA256withECDSA",
            "Signature SHA384withECDSA",
            "Signature SHA512withECDSA");
  }

  @Test
  void withoutTheSettingLeavesHaveKeysOfJava() {
    // Given
    TlsCaSettings settings = TlsFixtures.settings("native-curves = false");

    // When, Then
    assertThat(NativeCurves.of(settings)).isEmpty();
  }

  private static KeyPair pair(Provider provider) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("XDH", provider);
    generator.initialize(NamedParameterSpec.X25519);
    return generator.generateKeyPair();
  }

  /** As the peer's TLS makes it from the octets on the wire. */
  private static PublicKey asSent(PublicKey key) throws Exception {
    return KeyFactory.getInstance("XDH")
        .generatePublic(
            new XECPublicKeySpec(NamedParameterSpec.X25519, ((XECPublicKey) key).getU()));
  }

  private static byte[] secret(KeyAgreement agreement, PrivateKey own, PublicKey peer)
      throws Exception {
    agreement.init(own);
    agreement.doPhase(peer, true);
    return agreement.generateSecret();
  }
}
