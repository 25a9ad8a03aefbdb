package dev.weir.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * Work space that the TLS stages of one thread share, so that an idle connection owns no buffer.
 *
 * <p>An engine decrypts in place and wants room for a whole record before it encrypts a small one.
 * Both are given a place here that stays in the processor's cache; what leaves is copied out at its
 * true size. Never kept across a callback.
 */
final class TlsScratch {
  private static final int IN_BYTES = 128 * 1024;
  private static final ThreadLocal<TlsScratch> OF_THREAD = ThreadLocal.withInitial(TlsScratch::new);

  final ByteBuffer in = ByteBuffer.allocate(IN_BYTES);
  private byte[] outBytes = new byte[0];
  private ByteBuffer out = ByteBuffer.wrap(outBytes);

  private TlsScratch() {}

  static TlsScratch ofThread() {
    return OF_THREAD.get();
  }

  /** Cleared, and at least that large. */
  ByteBuffer out(int bytes) {
    if (out.capacity() < bytes) {
      outBytes = new byte[bytes];
      out = ByteBuffer.wrap(outBytes);
    }
    return out.clear();
  }

  /** The bytes written to {@link #out}, in an array of just that size. */
  ByteString written() {
    return ByteString.fromArrayUnsafe(Arrays.copyOf(outBytes, out.position()));
  }
}
