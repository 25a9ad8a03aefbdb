package dev.weir.testing;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ServerSocketFactory;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** An authority that vouches for the HTTPS origins of tests. */
public final class TestCa {
  private static final AtomicInteger SERIAL = new AtomicInteger(1);
  private final X500Name name;
  private final KeyPair key = newKey();
  private final X509Certificate certificate;

  public TestCa(String commonName) {
    name = new X500Name("CN=" + commonName);
    certificate = sign(name, key, List.of());
  }

  /** The certificate as a PEM file in that folder. */
  public Path pem(Path folder) throws Exception {
    return Files.writeString(
        folder.resolve("ca-" + certificate.getSerialNumber() + ".pem"), pem(certificate));
  }

  /** A client's certificate and key, as PEM files of that name in the folder. */
  public void client(Path folder, String clientName) throws Exception {
    KeyPair own = newKey();
    X509Certificate leaf = sign(new X500Name("CN=" + clientName), own, List.of(clientName));
    Files.writeString(folder.resolve(clientName + ".pem"), pem(leaf));
    Files.writeString(
        folder.resolve(clientName + ".key"),
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(own.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n");
  }

  /** Sockets of a server that shows a leaf for those names and addresses. */
  public ServerSocketFactory sockets(String... names) throws Exception {
    return context(null, names).getServerSocketFactory();
  }

  /** The same, of a server that demands a certificate which that authority vouches for. */
  public ServerSocketFactory socketsFor(TestCa clients, String... names) throws Exception {
    SSLServerSocketFactory sockets = context(clients, names).getServerSocketFactory();
    return new ServerSocketFactory() {
      @Override
      public ServerSocket createServerSocket() throws IOException {
        return demanding(sockets.createServerSocket());
      }

      @Override
      public ServerSocket createServerSocket(int port) throws IOException {
        return demanding(sockets.createServerSocket(port));
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog) throws IOException {
        return demanding(sockets.createServerSocket(port, backlog));
      }

      @Override
      public ServerSocket createServerSocket(int port, int backlog, InetAddress address)
          throws IOException {
        return demanding(sockets.createServerSocket(port, backlog, address));
      }
    };
  }

  private static ServerSocket demanding(ServerSocket socket) {
    ((SSLServerSocket) socket).setNeedClientAuth(true);
    return socket;
  }

  /** For a server that shows a leaf for those names and addresses. */
  public SSLContext context(String... names) throws Exception {
    return context(null, names);
  }

  private SSLContext context(@Nullable TestCa clients, String... names) throws Exception {
    KeyPair own = newKey();
    X509Certificate leaf = sign(new X500Name("CN=" + names[0]), own, List.of(names));
    char[] password = new char[0];
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    X509Certificate[] chain = {leaf, certificate};
    store.setKeyEntry("leaf", own.getPrivate(), password, chain);
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(
        keys.getKeyManagers(), clients == null ? null : clients.trust().getTrustManagers(), null);
    return context;
  }

  private TrustManagerFactory trust() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setCertificateEntry("ca", certificate);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    return trust;
  }

  private X509Certificate sign(X500Name subject, KeyPair own, List<String> names) {
    Instant now = Instant.now();
    var builder =
        new JcaX509v3CertificateBuilder(
            name,
            BigInteger.valueOf(SERIAL.getAndIncrement()),
            Date.from(now.minus(Duration.ofDays(1))),
            Date.from(now.plus(Duration.ofDays(30))),
            subject,
            own.getPublic());
    List<GeneralName> alternatives = new ArrayList<>();
    for (String one : names) {
      boolean address = Character.isDigit(one.charAt(0));
      alternatives.add(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, one));
    }
    try {
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(names.isEmpty()));
      if (!names.isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(alternatives.toArray(GeneralName[]::new)));
      }
      var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    } catch (GeneralSecurityException | CertIOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String pem(X509Certificate certificate) {
    try {
      byte[] der = certificate.getEncoded();
      return "-----BEGIN CERTIFICATE-----\n"
          + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
          + "\n-----END CERTIFICATE-----\n";
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
