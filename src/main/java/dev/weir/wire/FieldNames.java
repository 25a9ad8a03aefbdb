package dev.weir.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The field names that are often seen, so that they need no new String, and those that steer
 * framing, told apart by a number.
 */
final class FieldNames {
  static final int OTHER = 0;
  static final int HOST = 1;
  static final int CONTENT_LENGTH = 2;
  static final int TRANSFER_ENCODING = 3;
  static final int CONNECTION = 4;
  static final int EXPECT = 5;
  static final int UPGRADE = 6;
  static final int HTTP2_SETTINGS = 7;

  /** Steers a hop or its framing, and so means nothing or mischief in a trailer. */
  static final int HOP = 8;

  /** A name that is in the table, in its two usual spellings. */
  static final class Known {
    private final String canonical;
    private final String lower;
    private final byte[] canonicalOctets;
    private final int hash;
    private final int code;

    private Known(String canonical, String lower, int hash, int code) {
      this.canonical = canonical;
      this.lower = lower;
      this.canonicalOctets = HeadWriter.ascii(canonical);
      this.hash = hash;
      this.code = code;
    }

    int code() {
      return code;
    }

    /** The name as it was spelt. */
    String text(byte[] octets, int from) {
      int length = canonicalOctets.length;
      if (Arrays.equals(canonicalOctets, 0, length, octets, from, from + length)) {
        return canonical;
      }
      String text = new String(octets, from, length, StandardCharsets.ISO_8859_1);
      return text.equals(lower) ? lower : text;
    }
  }

  private static final @Nullable Known[] TABLE = new Known[1024];

  static {
    put("Host", HOST);
    put("Content-Length", CONTENT_LENGTH);
    put("Transfer-Encoding", TRANSFER_ENCODING);
    put("Connection", CONNECTION);
    put("Expect", EXPECT);
    put("Upgrade", UPGRADE);
    put("HTTP2-Settings", HTTP2_SETTINGS);
    for (String name :
        "Keep-Alive Proxy-Connection TE Trailer Content-Range Content-Encoding Max-Forwards"
            .split(" ", -1)) {
      put(name, HOP);
    }
    String others =
        "Accept Accept-Charset Accept-Encoding Accept-Language Accept-Ranges Age Allow"
            + " Access-Control-Allow-Origin Alt-Svc Authorization Cache-Control Cache-Status"
            + " CDN-Cache-Control Content-Disposition Content-Language Content-Location"
            + " Content-MD5 Content-Security-Policy Content-Type Cookie Date Docker-Content-Digest"
            + " Docker-Distribution-Api-Version ETag Expires Forwarded From If-Match"
            + " If-Modified-Since If-None-Match If-Range If-Unmodified-Since Last-Modified Link"
            + " Location npm-auth-type npm-command Origin Permissions-Policy Pragma Priority"
            + " Proxy-Authenticate Proxy-Authorization Range Referer Referrer-Policy Retry-After"
            + " Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Server Server-Timing Set-Cookie"
            + " Strict-Transport-Security Surrogate-Control Timing-Allow-Origin"
            + " Upgrade-Insecure-Requests User-Agent Vary Via Warning WWW-Authenticate X-Amz-Cf-Id"
            + " X-Amz-Id-2 X-Amz-Request-Id X-Amz-Date X-Amz-Content-Sha256 X-Cache X-Cache-Hits"
            + " X-Checksum-Md5 X-Checksum-Sha1 X-Content-Type-Options X-Forwarded-For"
            + " X-Forwarded-Host X-Forwarded-Proto X-Frame-Options X-Powered-By X-Request-Id"
            + " X-Served-By X-Timer X-XSS-Protection";
    for (String name : others.split(" ", -1)) {
      put(name, OTHER);
    }
  }

  private FieldNames() {}

  private static void put(String canonical, int code) {
    String lower = canonical.toLowerCase(Locale.ROOT);
    int hash = 0;
    for (int i = 0; i < lower.length(); i++) {
      hash = mix(hash, lower.charAt(i));
    }
    int slot = slot(hash);
    while (TABLE[slot] != null) {
      slot = (slot + 1) & (TABLE.length - 1);
    }
    TABLE[slot] = new Known(canonical, lower, hash, code);
  }

  static int mix(int hash, int octet) {
    return hash * 31 + (octet | 0x20);
  }

  private static int slot(int hash) {
    return (hash ^ (hash >>> 10)) & (TABLE.length - 1);
  }

  /**
   * Finds a known name.
   *
   * @param hash {@link #mix} over the octets
   */
  static @Nullable Known find(byte[] octets, int from, int to, int hash) {
    int slot = slot(hash);
    for (Known known = TABLE[slot]; known != null; known = TABLE[slot]) {
      if (known.hash == hash && equalIgnoringCase(known.lower, octets, from, to)) {
        return known;
      }
      slot = (slot + 1) & (TABLE.length - 1);
    }
    return null;
  }

  private static boolean equalIgnoringCase(String lower, byte[] octets, int from, int to) {
    if (lower.length() != to - from) {
      return false;
    }
    for (int i = 0; i < lower.length(); i++) {
      int octet = octets[from + i];
      int folded = octet >= 'A' && octet <= 'Z' ? octet + 0x20 : octet;
      if (lower.charAt(i) != folded) {
        return false;
      }
    }
    return true;
  }
}
