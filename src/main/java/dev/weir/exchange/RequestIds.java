package dev.weir.exchange;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Ids of requests: 16 hexadecimal digits, the first eight those of this process, the rest counted
 * up. Unique within a process for four thousand million requests, and no secret.
 */
final class RequestIds {
  private static final byte[] HEX = {
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'
  };
  private final long process = new SecureRandom().nextLong() << 32;
  private final AtomicLong counter = new AtomicLong();

  String next() {
    long number = process | (counter.incrementAndGet() & 0xffff_ffffL);
    byte[] digits = new byte[16];
    for (int i = 15; i >= 0; i--) {
      digits[i] = HEX[(int) (number & 15)];
      number >>>= 4;
    }
    return new String(digits, StandardCharsets.ISO_8859_1);
  }
}
