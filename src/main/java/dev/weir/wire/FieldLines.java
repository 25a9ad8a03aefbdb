package dev.weir.wire;

import dev.weir.http.Headers;
import dev.weir.wire.GuardViolation.Reason;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the field lines of a head (RFC 9112 5): checks every octet, collects the lines, and
 * keeps what steers framing. The octets must end with an empty line, which is what stops its loops.
 */
final class FieldLines {
  static final long NO_LENGTH = -1;

  private final Headers.Builder lines = Headers.builder();
  private final int maxFields;
  private int count;
  private boolean upgradeDropped;
  private boolean settingsDropped;

  long contentLength = NO_LENGTH;
  @Nullable String host;
  @Nullable String transferEncoding;
  @Nullable String upgrade;
  boolean close;
  boolean keepAlive;
  boolean upgradeListed;
  boolean expectContinue;
  boolean expectUnknown;
  boolean hop;

  FieldLines(int maxFields) {
    this.maxFields = maxFields;
  }

  /** Reads all lines from {@code at}; returns the position behind the empty line. */
  int read(byte[] octets, int at) {
    int i = at;
    while (octets[i] != '\r') {
      if (++count > maxFields) {
        throw new GuardViolation(Reason.TOO_MANY_FIELDS);
      }
      i = line(octets, i);
    }
    if (octets[i + 1] != '\n') {
      throw new GuardViolation(Reason.BARE_CR);
    }
    return i + 2;
  }

  Headers headers() {
    Headers all = lines.build();
    all = upgradeDropped ? all.without("Upgrade") : all;
    return settingsDropped ? all.without("HTTP2-Settings") : all;
  }

  private int line(byte[] octets, int start) {
    int i = start;
    int hash = 0;
    for (int c = octets[i]; Octets.TOKEN[c & 0xFF]; c = octets[++i]) {
      hash = FieldNames.mix(hash, c);
    }
    if (octets[i] != ':' || i == start) {
      throw new GuardViolation(nameFault(octets, start, i));
    }
    FieldNames.Known known = FieldNames.find(octets, start, i, hash);
    String name =
        known == null
            ? new String(octets, start, i - start, StandardCharsets.ISO_8859_1)
            : known.text(octets, start);
    i++;
    while (octets[i] == ' ' || octets[i] == '\t') {
      i++;
    }
    int valueStart = i;
    while (Octets.VALUE[octets[i] & 0xFF]) {
      i++;
    }
    if (octets[i] != '\r' || octets[i + 1] != '\n') {
      throw new GuardViolation(valueFault(octets[i]));
    }
    int valueEnd = i;
    while (valueEnd > valueStart && (octets[valueEnd - 1] == ' ' || octets[valueEnd - 1] == '\t')) {
      valueEnd--;
    }
    String value =
        new String(octets, valueStart, valueEnd - valueStart, StandardCharsets.ISO_8859_1);
    lines.add(name, value);
    if (known != null && known.code() != FieldNames.OTHER) {
      steer(known.code(), value);
    }
    return i + 2;
  }

  private static Reason nameFault(byte[] octets, int start, int at) {
    if (octets[at] == ':') {
      return Reason.EMPTY_FIELD_NAME;
    }
    if (octets[at] == ' ' || octets[at] == '\t') {
      return at == start ? Reason.OBS_FOLD : Reason.SPACE_BEFORE_COLON;
    }
    return Reason.BAD_FIELD_NAME;
  }

  private static Reason valueFault(byte octet) {
    return switch (octet) {
      case '\r' -> Reason.BARE_CR;
      case '\n' -> Reason.BARE_LF;
      default -> Reason.BAD_FIELD_VALUE;
    };
  }

  private void steer(int code, String value) {
    switch (code) {
      case FieldNames.HOST -> {
        if (host != null) {
          throw new GuardViolation(Reason.DUPLICATE_HOST);
        }
        host = value;
      }
      case FieldNames.CONTENT_LENGTH -> {
        if (contentLength != NO_LENGTH) {
          throw new GuardViolation(Reason.DUPLICATE_CONTENT_LENGTH);
        }
        contentLength = contentLength(value);
      }
      case FieldNames.TRANSFER_ENCODING -> {
        if (transferEncoding != null) {
          throw new GuardViolation(Reason.BAD_TRANSFER_ENCODING);
        }
        transferEncoding = value;
      }
      case FieldNames.CONNECTION -> {
        close |= listed(value, "close");
        keepAlive |= listed(value, "keep-alive");
        upgradeListed |= listed(value, "upgrade");
      }
      case FieldNames.EXPECT -> expect(value);
      case FieldNames.UPGRADE -> upgrade = upgrade == null ? value : upgrade + ", " + value;
      case FieldNames.HTTP2_SETTINGS -> settingsDropped = true;
      default -> {}
    }
    hop = true;
  }

  /** A list (RFC 9110 10.1.1), of which only one member has a meaning. */
  private void expect(String value) {
    for (String member : value.split(",", -1)) {
      String expectation = member.strip();
      boolean known = "100-continue".equalsIgnoreCase(expectation);
      expectContinue |= known;
      expectUnknown |= !known && !expectation.isEmpty();
    }
  }

  /** Takes an Upgrade that means nothing out of the fields; HTTP2-Settings always goes. */
  void dropUpgrade() {
    upgradeDropped = true;
  }

  void dropTransferEncoding() {
    lines.remove("Transfer-Encoding");
  }

  /** Digits only, and small enough for a long (RFC 9110 8.6). */
  private static long contentLength(String value) {
    int digits = value.length();
    if (digits == 0 || digits > 18) {
      throw new GuardViolation(Reason.BAD_CONTENT_LENGTH);
    }
    long length = 0;
    for (int i = 0; i < digits; i++) {
      int digit = value.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw new GuardViolation(Reason.BAD_CONTENT_LENGTH);
      }
      length = length * 10 + digit;
    }
    return length;
  }

  /** Whether a comma-separated list holds that token, in any case. */
  static boolean listed(String list, String token) {
    int from = 0;
    while (from <= list.length()) {
      int comma = list.indexOf(',', from);
      int to = comma < 0 ? list.length() : comma;
      int start = from;
      while (start < to && blank(list.charAt(start))) {
        start++;
      }
      int end = to;
      while (end > start && blank(list.charAt(end - 1))) {
        end--;
      }
      if (end - start == token.length()
          && list.regionMatches(true, start, token, 0, token.length())) {
        return true;
      }
      from = to + 1;
    }
    return false;
  }

  private static boolean blank(char c) {
    return c == ' ' || c == '\t';
  }
}
