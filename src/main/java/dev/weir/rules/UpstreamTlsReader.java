package dev.weir.rules;

import dev.weir.policy.UpstreamTls;
import dev.weir.tls.RuleTls;
import dev.weir.tls.TlsConfigException;
import dev.weir.tls.UpstreamTrust;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what rules decide about TLS with their origins, and refuses what could not be used. */
final class UpstreamTlsReader {
  /** Bundles of authorities in use have less. */
  private static final long MAX_PEM_BYTES = 8L << 20;

  private UpstreamTlsReader() {}

  static UpstreamTls read(Value value) {
    Block block =
        value
            .block("a block of ca, certificate, key, insecure")
            .onlyKeys("ca", "certificate", "key", "insecure");
    Value certificate = block.get("certificate");
    Value key = block.get("key");
    if ((certificate == null) != (key == null)) {
      throw block.bad("certificate and key, or neither");
    }
    Value insecure = block.get("insecure");
    boolean verifiesNothing = insecure != null && insecure.flag();
    List<String> files = new ArrayList<>();
    String ca = pem(block.get("ca"), files);
    String chain = pem(certificate, files);
    String secret = pem(key, files);
    if (files.isEmpty() && !verifiesNothing) {
      throw block.bad("ca, certificate with key, or insecure = on");
    }
    RuleTls tls =
        new RuleTls(id(ca, chain, secret, verifiesNothing), ca, chain, secret, verifiesNothing);
    try {
      UpstreamTrust.check(tls, Instant.now());
    } catch (TlsConfigException bad) {
      throw new RuleFileException(
          "%s: %s: %s"
              .formatted(Value.place(value.config().origin()), value.where(), bad.getMessage()));
    }
    String name = certificate == null ? "" : "file:" + certificate.file();
    return new UpstreamTls(tls.id(), name, ca, chain, secret, verifiesNothing, files);
  }

  private static String pem(@Nullable Value value, List<String> files) {
    if (value == null) {
      return "";
    }
    Path file = value.file();
    try {
      if (Files.size(file) > MAX_PEM_BYTES) {
        throw value.bad("a PEM file of at most 8 MiB");
      }
      files.add(file.toString());
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException unreadable) {
      throw value.bad("a readable PEM file (" + unreadable.getClass().getSimpleName() + ")");
    }
  }

  private static String id(String ca, String certificate, String key, boolean insecure) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (String part : new String[] {ca, certificate, key, insecure ? "insecure" : ""}) {
        byte[] bytes = part.getBytes(StandardCharsets.ISO_8859_1);
        sha.update((bytes.length + "\n").getBytes(StandardCharsets.US_ASCII));
        sha.update(bytes);
      }
      return HexFormat.of().formatHex(sha.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
