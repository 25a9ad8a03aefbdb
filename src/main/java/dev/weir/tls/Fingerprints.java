package dev.weir.tls;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 as people read it: upper-case hex with colons. */
final class Fingerprints {
  private static final HexFormat FORMAT = HexFormat.ofDelimiter(":").withUpperCase();

  private Fingerprints() {}

  static String sha256(byte[] bytes) {
    try {
      return FORMAT.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static String sha256(String text) {
    return sha256(text.getBytes(StandardCharsets.UTF_8));
  }
}
