package dev.weir.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-224 of a text in UTF-8, in lower-case hexadecimal: the digest of all cache keys. */
public final class Sha224 {
  /** Cloning it is several times cheaper than asking the providers for a new one. */
  private static final MessageDigest PROTOTYPE = create();

  private Sha224() {}

  public static String hex(String text) {
    byte[] digest = copy().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest);
  }

  private static MessageDigest copy() {
    try {
      return (MessageDigest) PROTOTYPE.clone();
    } catch (CloneNotSupportedException e) {
      return create();
    }
  }

  private static MessageDigest create() {
    try {
      return MessageDigest.getInstance("SHA-224");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-224", e);
    }
  }
}
