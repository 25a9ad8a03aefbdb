package dev.weir.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PEM text (RFC 7468): where it comes from, its certificates, and how it is written. */
final class Pem {
  /** The largest bundle in use has about 400 KiB; more is a mistake, such as a disk image. */
  private static final int MAX_BYTES = 8 << 20;

  private static final String BEGIN = "-----BEGIN";

  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\\s]*)-----END");

  private Pem() {}

  /**
   * The text of a setting that is either PEM itself or the path of a file; {@code option} names it
   * in errors.
   */
  static String read(String option, String pathOrPem) {
    String value = pathOrPem.strip();
    if (value.startsWith(BEGIN)) {
      // Values that went through an environment file often have their line ends written out.
      return value.indexOf('\n') < 0 ? value.replace("\\r", "").replace("\\n", "\n") : value;
    }
    try {
      return read(Path.of(value));
    } catch (InvalidPathException e) {
      throw new TlsConfigException(option + " is neither PEM text nor the path of a file", e);
    } catch (NoSuchFileException e) {
      throw new TlsConfigException(
          option + " names " + value + ", which does not exist; check the path", e);
    } catch (IOException e) {
      throw new TlsConfigException(
          option + " names " + value + ", which cannot be read (" + reason(e) + ")", e);
    }
  }

  static String read(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("it is a directory");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("it has more than " + (MAX_BYTES >> 20) + " MiB");
      }
      return new String(bytes, StandardCharsets.ISO_8859_1);
    }
  }

  private static String reason(IOException e) {
    String message = e.getMessage();
    return e.getClass() == IOException.class && message != null
        ? message
        : e.getClass().getSimpleName();
  }

  /** What was found: the certificates, and how many blocks did not parse as one. */
  record Certificates(List<X509Certificate> certificates, int unreadable) {}

  /** All certificates in their order; text between them is skipped, as OpenSSL does. */
  static Certificates certificates(String pem) {
    List<X509Certificate> found = new ArrayList<>();
    int unreadable = 0;
    CertificateFactory factory = certificateFactory();
    Matcher block = CERTIFICATE.matcher(pem);
    while (block.find()) {
      try {
        byte[] der = Base64.getMimeDecoder().decode(block.group(1));
        found.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
      } catch (CertificateException | IllegalArgumentException e) {
        unreadable++;
      }
    }
    return new Certificates(List.copyOf(found), unreadable);
  }

  static CertificateFactory certificateFactory() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (CertificateException e) {
      throw new IllegalStateException("every JDK has X.509", e);
    }
  }

  static String write(X509Certificate certificate) {
    try {
      return write("CERTIFICATE", certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a parsed certificate has its encoding", e);
    }
  }

  static String write(String label, byte[] der) {
    Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
    return BEGIN
        + " "
        + label
        + "-----\n"
        + lines.encodeToString(der)
        + "\n-----END "
        + label
        + "-----\n";
  }
}
