package dev.weir.store.elastic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The id of a document among the servers': its own, unless that is longer than they take. */
final class DocumentIds {
  /** The servers' limit, in bytes of UTF-8. */
  private static final int MAX_BYTES = 512;

  private DocumentIds() {}

  /** A long id becomes {@code sha256/} and its digest; no scheme has that name. */
  static String of(String id) {
    if (id.length() * 3L <= MAX_BYTES) {
      return id;
    }
    byte[] bytes = id.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= MAX_BYTES ? id : "sha256/" + HexFormat.of().formatHex(sha256(bytes));
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
