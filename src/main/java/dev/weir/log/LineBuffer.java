package dev.weir.log;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Bytes of lines on their way to a stream: grows for a long line, reused for the next. */
final class LineBuffer {
  private static final byte[] HEX = "0123456789ABCDEF".getBytes(StandardCharsets.US_ASCII);

  private final int usualBytes;
  private byte[] bytes;
  private int count;

  LineBuffer(int usualBytes) {
    this.usualBytes = usualBytes;
    bytes = new byte[usualBytes];
  }

  int count() {
    return count;
  }

  /** Forgets what came after so many bytes. */
  void cut(int bytes) {
    count = bytes;
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes, 0, count);
    out.flush();
  }

  /** Empties it; what one long line made it grow by is given back. */
  void clear() {
    count = 0;
    if (bytes.length > 4 * usualBytes) {
      bytes = new byte[usualBytes];
    }
  }

  void add(byte b) {
    room(1);
    bytes[count++] = b;
  }

  void add(byte[] more) {
    room(more.length);
    System.arraycopy(more, 0, bytes, count, more.length);
    count += more.length;
  }

  /** Once more what stands between these two counts. */
  void again(int from, int to) {
    room(to - from);
    System.arraycopy(bytes, from, bytes, count, to - from);
    count += to - from;
  }

  /**
   * The text in UTF-8; if {@code quoted}, as the inside of a JSON string (RFC 8259 section 7). Half
   * of a surrogate pair becomes U+FFFD.
   */
  void add(String text, boolean quoted) {
    int length = text.length();
    room(length);
    int at = 0;
    for (; at < length; at++) {
      char c = text.charAt(at);
      if (!isPlain(c)) {
        break;
      }
      bytes[count++] = (byte) c;
    }
    if (at < length) {
      room((length - at) * 6);
      while (at < length) {
        int point = text.codePointAt(at);
        at += Character.charCount(point);
        addPoint(point, quoted);
      }
    }
  }

  /** As {@link #add(String, boolean)} of {@code LogText.escaped} of that part of the text. */
  void addEscaped(String text, int from, int to, boolean quoted) {
    room(to - from);
    for (int at = from; at < to; at++) {
      char c = text.charAt(at);
      if (!isPlain(c)) {
        add(LogText.escaped(text.substring(at, to)), quoted);
        return;
      }
      bytes[count++] = (byte) c;
    }
  }

  void add(long number) {
    if (number < 0) {
      add(Long.toString(number), false);
      return;
    }
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    addDigits(number, digits);
  }

  /** The last digits of a number that is not negative, with zeros before it. */
  void addDigits(long number, int digits) {
    room(digits);
    long rest = number;
    for (int at = count + digits - 1; at >= count; at--) {
      bytes[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    count += digits;
  }

  private void addPoint(int point, boolean quoted) {
    if (point < 0x80) {
      if (quoted && !isPlain((char) point) && point != 0x7f) {
        addJsonEscape(point);
      } else {
        bytes[count++] = (byte) point;
      }
    } else if (point < 0x800) {
      bytes[count++] = (byte) (0xc0 | point >> 6);
      addContinuations(point, 0);
    } else if (point >= 0x10000) {
      bytes[count++] = (byte) (0xf0 | point >> 18);
      addContinuations(point, 12);
    } else {
      int whole = Character.isSurrogate((char) point) ? 0xfffd : point;
      bytes[count++] = (byte) (0xe0 | whole >> 12);
      addContinuations(whole, 6);
    }
  }

  private void addContinuations(int point, int firstShift) {
    for (int shift = firstShift; shift >= 0; shift -= 6) {
      bytes[count++] = (byte) (0x80 | (point >> shift & 0x3f));
    }
  }

  private void addJsonEscape(int c) {
    bytes[count++] = '\\';
    switch (c) {
      case '"', '\\' -> bytes[count++] = (byte) c;
      case '\b' -> bytes[count++] = 'b';
      case '\t' -> bytes[count++] = 't';
      case '\n' -> bytes[count++] = 'n';
      case '\f' -> bytes[count++] = 'f';
      case '\r' -> bytes[count++] = 'r';
      default -> {
        bytes[count++] = 'u';
        bytes[count++] = '0';
        bytes[count++] = '0';
        bytes[count++] = HEX[c >> 4];
        bytes[count++] = HEX[c & 15];
      }
    }
  }

  /** The same in text, in an escaped text and in JSON. */
  private static boolean isPlain(char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  }

  private void room(int more) {
    if (bytes.length - count < more) {
      bytes = Arrays.copyOf(bytes, Math.max(count + more, bytes.length * 2));
    }
  }
}
