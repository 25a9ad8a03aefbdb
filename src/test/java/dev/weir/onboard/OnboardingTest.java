package dev.weir.onboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.weir.http.Authority;
import dev.weir.http.Headers;
import dev.weir.http.RequestHead;
import dev.weir.tls.CertificateAuthority;
import java.io.ByteArrayInputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnboardingTest {
  private static final InetSocketAddress LOCAL =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 3128);

  @TempDir static Path folder;
  static CertificateAuthority ca;

  private final Onboarding onboarding =
      new Onboarding(
          ca,
          OnboardSettings.from(
              ConfigFactory.parseResources("reference/onboard.conf")
                  .resolve()
                  .getConfig("weir.onboard")));

  @BeforeAll
  static void makeCa() {
    ca = CertificateAuthority.openOrCreate(folder, InstantSource.system());
  }

  private static RequestHead request(String method, String scheme, String host, String target) {
    Authority authority = new Authority(host, Authority.defaultPort(scheme));
    return new RequestHead(method, scheme, authority, target, Headers.EMPTY);
  }

  private OnboardResponse get(String host, String target) {
    return answer(onboarding, request("GET", "http", host, target));
  }

  private static OnboardResponse answer(Onboarding onboarding, RequestHead request) {
    return onboarding.answer(request, LOCAL).orElseThrow().toCompletableFuture().join();
  }

  private static String text(OnboardResponse response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"weir.internal", "mitm.it", "weir.internal."})
  void thePageNamesTheProxyAndTheFingerprint(String host) {
    // When
    OnboardResponse page = get(host, "/");

    // Then
    assertThat(page.head().status()).isEqualTo(200);
    assertThat(page.head().headers().first("Content-Type")).startsWith("text/html");
    assertThat(text(page)).contains("http://127.0.0.1:3128", ca.fingerprint());
    assertThat(text(page)).doesNotContain("@PROXY").doesNotContain("src=");
  }

  @Test
  void otherHostsAreNotAnsweredHere() {
    assertThat(onboarding.answer(request("GET", "http", "example.com", "/"), LOCAL)).isEmpty();
    assertThat(onboarding.answer(request("GET", "http", "x.mitm.it", "/"), LOCAL)).isEmpty();
  }

  @Test
  void httpsIsAnsweredAlike() {
    // When
    OnboardResponse page = answer(onboarding, request("GET", "https", "weir.internal", "/?x=1"));

    // Then
    assertThat(text(page)).isEqualTo(text(get("weir.internal", "/")));
  }

  @Test
  void theCaComesInThreeFormats() throws Exception {
    // When
    byte[] pem = get("weir.internal", "/ca.pem").body();
    byte[] der = get("weir.internal", "/ca.der").body();
    byte[] p12 = get("weir.internal", "/ca.p12").body();

    // Then
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    assertThat(factory.generateCertificate(new ByteArrayInputStream(pem))).isEqualTo(ca.anchor());
    assertThat(factory.generateCertificate(new ByteArrayInputStream(der))).isEqualTo(ca.anchor());
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(p12), "changeit".toCharArray());
    assertThat(store.getCertificate(store.aliases().nextElement())).isEqualTo(ca.anchor());
    assertThat(get("mitm.it", "/cert/pem").body()).isEqualTo(pem);
    assertThat(get("weir.internal", "/cert/pem").head().status()).isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proxy-env", "/proxy-env.sh", "/proxy-env?x"})
  void theScriptIsPlainTextAndNeverStored(String target) {
    // When
    OnboardResponse script = get("mitm.it", target);

    // Then
    assertThat(script.head().headers().first("Content-Type")).startsWith("text/plain");
    assertThat(script.head().headers().first("Cache-Control")).isEqualTo("no-store");
    assertThat(text(script)).startsWith("#!/bin/sh").contains("'http://127.0.0.1:3128'");
  }

  @Test
  void headTellsTheLengthAndSendsNothing() {
    // When
    OnboardResponse head = answer(onboarding, request("HEAD", "http", "mitm.it", "/ca.pem"));

    // Then
    assertThat(head.body()).isEmpty();
    assertThat(head.head().headers().first("Content-Length"))
        .isEqualTo(Integer.toString(get("mitm.it", "/ca.pem").body().length));
  }

  @Test
  void unknownPathsAndOtherMethodsAreRefused() {
    // When
    OnboardResponse unknown = get("weir.internal", "/secret");
    OnboardResponse posted = answer(onboarding, request("POST", "http", "weir.internal", "/"));

    // Then
    assertThat(unknown.head().status()).isEqualTo(404);
    assertThat(posted.head().status()).isEqualTo(405);
    assertThat(posted.head().headers().first("Allow")).isEqualTo("GET, HEAD");
  }

  @Test
  void thePublicUrlWinsAndItsPasswordStaysOffThePage() {
    // Given
    Onboarding settled =
        new Onboarding(
            ca, new OnboardSettings("http://me:secret@cache.example:81/", List.of(), ""));

    // When
    String page = text(answer(settled, request("GET", "http", "mitm.it", "/")));
    String script = text(answer(settled, request("GET", "http", "mitm.it", "/proxy-env")));

    // Then
    assertThat(page).contains("http://cache.example:81").doesNotContain("secret");
    assertThat(script).contains("'http://me:secret@cache.example:81'");
  }

  @ParameterizedTest
  @CsvSource({
    "::1, http://[0:0:0:0:0:0:0:1]:3128",
    "10.1.2.3, http://10.1.2.3:3128",
    "0.0.0.0, http://localhost:3128"
  })
  void withoutAPublicUrlItIsTheAddressTheRequestCameInBy(String address, String url) {
    // When
    ProxyAddress proxy =
        ProxyAddress.of(new InetSocketAddress(InetAddress.ofLiteral(address), 3128));

    // Then
    assertThat(proxy.url()).isEqualTo(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cache:8080",
        "ftp://cache",
        "http://",
        "http://a b",
        "http://a\nb",
        "http://a/$(id)",
        "http://a?x",
        "http://a'b",
        "http://a;b",
        "http://ä"
      })
  void aPublicUrlThatIsNoneIsRefused(String url) {
    assertThatThrownBy(() -> new OnboardSettings(url, List.of(), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--public-proxy-url");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a,b", "", "a\nb", "ä"})
  void anExtraThatIsNoneIsRefused(String extra) {
    assertThatThrownBy(() -> new OnboardSettings("", List.of(extra), ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--no-proxy-extra");
  }
}
