package dev.weir.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gathers the authorities trusted for origins: the operating system's, Java's, and those added. */
final class TrustAnchors {
  private static final Logger LOG = LoggerFactory.getLogger(TrustAnchors.class);

  /** Where Debian, Fedora, SUSE and Alpine, and BSD and macOS keep the bundle. */
  static final List<Path> USUAL_BUNDLES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private TrustAnchors() {}

  static Set<X509Certificate> gather(List<String> added, Map<String, String> environment) {
    Set<X509Certificate> anchors = new LinkedHashSet<>();
    int system = addSystem(anchors, environment);
    anchors.addAll(ofJava());
    for (String pathOrPem : added) {
      anchors.addAll(added(pathOrPem));
    }
    LOG.debug("{} authorities trusted for origins, {} from the system", anchors.size(), system);
    return anchors;
  }

  private static int addSystem(Set<X509Certificate> anchors, Map<String, String> environment) {
    String named = environment.getOrDefault("SSL_CERT_FILE", "");
    List<Path> places = new ArrayList<>();
    if (!named.isBlank()) {
      places.add(Path.of(named));
    }
    places.addAll(USUAL_BUNDLES);
    for (Path place : places) {
      if (Files.isReadable(place) && !Files.isDirectory(place)) {
        try {
          Pem.Certificates found = Pem.certificates(Pem.read(place));
          if (found.unreadable() > 0) {
            LOG.debug("{} certificates in {} cannot be read", found.unreadable(), place);
          }
          anchors.addAll(found.certificates());
          return found.certificates().size();
        } catch (IOException e) {
          LOG.warn("the authorities in {} cannot be read: {}", place, e.toString());
        }
      } else if (place.toString().equals(named)) {
        LOG.warn("SSL_CERT_FILE names {}, which cannot be read; the usual places are tried", place);
      }
    }
    LOG.warn("no bundle of authorities found on this system; only Java's are trusted");
    return 0;
  }

  private static List<X509Certificate> ofJava() {
    return List.of(trustManagerOf(null).getAcceptedIssuers());
  }

  private static List<X509Certificate> added(String pathOrPem) {
    Pem.Certificates found = Pem.certificates(Pem.read("--upstream-ca", pathOrPem));
    if (found.unreadable() > 0 || found.certificates().isEmpty()) {
      throw new TlsConfigException(
          "--upstream-ca holds "
              + (found.unreadable() > 0 ? "a certificate that cannot be read" : "no certificate")
              + "; give a PEM file that begins with -----BEGIN CERTIFICATE-----");
    }
    return found.certificates();
  }

  /**
   * One PKIX trust manager over all anchors: an origin is accepted when any of them vouches for it,
   * whichever list it came from.
   */
  static X509TrustManager trustManager(Set<X509Certificate> anchors) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int index = 0;
      for (X509Certificate anchor : anchors) {
        store.setCertificateEntry(Integer.toString(index++), anchor);
      }
      return trustManagerOf(store);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("a key store in memory could not be filled", e);
    }
  }

  private static X509TrustManager trustManagerOf(@Nullable KeyStore store) {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          return x509;
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK's own trust store cannot be read", e);
    }
    throw new IllegalStateException("every JDK verifies X.509");
  }
}
