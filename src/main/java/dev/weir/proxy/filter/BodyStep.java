package dev.weir.proxy.filter;

import java.nio.ByteBuffer;
import java.time.Duration;

/** What comes of one piece of a body. */
public sealed interface BodyStep {
  BodyStep NOTHING = new Bytes(ByteBuffer.allocate(0), Duration.ZERO);

  /**
   * These bytes go on, after that time; the sender is not read meanwhile.
   *
   * @param bytes from position to limit; read before the next call, not written by Weir
   */
  record Bytes(ByteBuffer bytes, Duration delay) implements BodyStep {}

  /**
   * The body is broken off. If it is a request's and nothing has been answered, the client gets
   * this status and sentence.
   */
  record Refuse(int status, String sentence) implements BodyStep {
    public Refuse {
      if (status < 400 || status > 599) {
        throw new IllegalArgumentException("not the status of an error: " + status);
      }
    }
  }

  static BodyStep of(ByteBuffer bytes) {
    return new Bytes(bytes, Duration.ZERO);
  }

  static BodyStep of(byte[] bytes) {
    return of(ByteBuffer.wrap(bytes));
  }

  /** Those bytes, held up. */
  static BodyStep delayed(ByteBuffer bytes, Duration delay) {
    return new Bytes(bytes, delay);
  }
}
