package dev.weir.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes what the nodes of a fleet need of each other, on the operator's machine: no private key
 * ever goes over a wire of Weir's.
 *
 * <pre>
 *   DIR/authority/   peer-ca.key, peer-ca.pem, ca.key, ca.pem, secret   to add nodes; kept apart
 *   DIR/NODE/        peer.key, peer.pem, peer-ca.pem, ca.key, ca.pem, secret   goes to that node
 * </pre>
 *
 * <p>{@code ca} is the interception CA all nodes mint from; {@code peer-ca} is another, which only
 * says who belongs to the fleet. Files are 0600, folders 0700. Nothing that exists is overwritten:
 * run again, it adds the nodes that are missing.
 */
public final class FleetFolder {
  static final String NODE_KEY = "peer.key";
  static final String NODE_CERTIFICATE = "peer.pem";
  static final String PEER_CA = "peer-ca.pem";
  private static final String AUTHORITY = "authority";
  private static final List<String> SHARED = List.of(PEER_CA, "ca.key", "ca.pem", "secret");
  private static final Duration BACKDATE = Duration.ofDays(2);
  private static final Duration LIFE = Duration.ofDays(3650);

  private final Path folder;
  private final Instant now;
  private final SecureRandom random = new SecureRandom();

  public FleetFolder(Path folder, Instant now) {
    this.folder = folder;
    this.now = now;
  }

  /**
   * Makes the authorities unless they are there, and the nodes that are missing; returns those that
   * were made.
   *
   * @param nodes their names, which become folders: letters, digits, dots and hyphens
   */
  public List<String> make(List<String> nodes) {
    if (nodes.isEmpty()) {
      throw new TlsConfigException("--nodes names no node; give their names, as a,b,c");
    }
    for (String node : nodes) {
      if (!node.matches("[A-Za-z0-9][A-Za-z0-9.-]*") || node.equals(AUTHORITY)) {
        throw new TlsConfigException(
            "\"" + TlsText.printable(node) + "\" is no name for a node; use letters, digits, - .");
      }
    }
    try {
      Path authority = folder.resolve(AUTHORITY);
      if (!Files.exists(authority)) {
        refuseNodesOfAnother();
        makeAuthority(authority);
      }
      CaMaterial peers = read(authority, "peer-ca");
      List<String> made = new ArrayList<>();
      for (String node : nodes) {
        if (!Files.exists(folder.resolve(node))) {
          makeNode(node, authority, peers);
          made.add(node);
        }
      }
      return made;
    } catch (IOException e) {
      throw new TlsConfigException("cannot write to " + folder + " (" + e + ")", e);
    }
  }

  /** Who keeps the authority elsewhere would get another, and nodes that are of two fleets. */
  private void refuseNodesOfAnother() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> inside = Files.list(folder)) {
      if (inside.anyMatch(node -> Files.exists(node.resolve(PEER_CA)))) {
        throw new TlsConfigException(
            folder
                + " has nodes but not the authority that made them: put the folder "
                + AUTHORITY
                + " back to add nodes, or name another folder to found another fleet");
      }
    }
  }

  private void makeAuthority(Path authority) throws IOException {
    Files.createDirectories(folder);
    Path unfinished = unfinished(AUTHORITY);
    write(unfinished, "peer-ca", CaMaker.make(now, "Weir peers"));
    write(unfinished, "ca", CaMaker.make(now));
    byte[] secret = new byte[32];
    random.nextBytes(secret);
    OwnerOnly.write(unfinished.resolve("secret"), HexFormat.of().formatHex(secret) + "\n");
    Files.move(unfinished, authority);
  }

  /** Under another name until it is whole: a folder that exists is never looked at again. */
  private Path unfinished(String name) throws IOException {
    Path unfinished = folder.resolve("." + name + ".new");
    deleteLeftovers(unfinished);
    OwnerOnly.createFolder(unfinished);
    return unfinished;
  }

  private static void write(Path folder, String name, CaMaterial ca) throws IOException {
    OwnerOnly.write(folder.resolve(name + ".key"), Pem.write("PRIVATE KEY", ca.key().getEncoded()));
    OwnerOnly.write(folder.resolve(name + ".pem"), Pem.write(ca.certificate()));
  }

  private CaMaterial read(Path authority, String name) throws IOException {
    return new CaParser(authority.resolve(name + ".key").toString(), now)
        .parse(
            Pem.read(authority.resolve(name + ".key")), Pem.read(authority.resolve(name + ".pem")));
  }

  private void makeNode(String node, Path authority, CaMaterial peers) throws IOException {
    Path unfinished = unfinished(node);
    try {
      KeyPair pair = CaMaker.newKeyPair();
      OwnerOnly.write(
          unfinished.resolve(NODE_KEY), Pem.write("PRIVATE KEY", pair.getPrivate().getEncoded()));
      OwnerOnly.write(unfinished.resolve(NODE_CERTIFICATE), Pem.write(sign(node, pair, peers)));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new IllegalStateException("a certificate could not be made with this JDK", e);
    }
    for (String shared : SHARED) {
      OwnerOnly.write(unfinished.resolve(shared), Files.readString(authority.resolve(shared)));
    }
    Files.move(unfinished, folder.resolve(node));
  }

  private X509Certificate sign(String node, KeyPair pair, CaMaterial peers)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    BigInteger serial = CaMaker.newSerial(random);
    Instant end = peers.certificate().getNotAfter().toInstant();
    Instant asked = now.plus(LIFE);
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            new JcaX509CertificateHolder(peers.certificate()).getSubject(),
            serial,
            Date.from(now.minus(BACKDATE)),
            Date.from(asked.isBefore(end) ? asked : end),
            new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, node).build(),
            pair.getPublic());
    JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
    builder
        .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
        .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
        .addExtension(
            Extension.extendedKeyUsage,
            false,
            new ExtendedKeyUsage(
                new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth}))
        .addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(new GeneralName(GeneralName.dNSName, node)))
        .addExtension(
            Extension.authorityKeyIdentifier,
            false,
            extensions.createAuthorityKeyIdentifier(peers.certificate().getPublicKey()));
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(
                new JcaContentSignerBuilder(
                        SignatureAlgorithms.of(peers.certificate().getPublicKey()))
                    .build(peers.key())));
  }

  private static void deleteLeftovers(Path unfinished) throws IOException {
    if (Files.exists(unfinished)) {
      try (var files = Files.list(unfinished)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(unfinished);
    }
  }
}
