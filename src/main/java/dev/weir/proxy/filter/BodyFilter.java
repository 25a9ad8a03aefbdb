package dev.weir.proxy.filter;

import dev.weir.http.Headers;
import java.nio.ByteBuffer;

/**
 * Changes, holds up or refuses one body as it passes, piece by piece. Made for one body; called by
 * one thread at a time; must not block. What it throws breaks the body off visibly: a client never
 * takes what came of it for the whole.
 */
public interface BodyFilter {
  /**
   * One piece of the body, of any size but zero.
   *
   * @param piece read-only, valid only until this returns
   */
  BodyStep piece(ByteBuffer piece);

  /**
   * The body has ended.
   *
   * @param trailers those that the sender sent behind it; not those of a stored response, which has
   *     none
   * @return what is to follow the last piece
   */
  default BodyStep end(Headers trailers) {
    return BodyStep.NOTHING;
  }

  /** The trailers to send behind the body; called after {@link #end}. */
  default Headers trailers(Headers trailers) {
    return trailers;
  }

  /** The body is over, by its end or before; called once, last. */
  default void closed() {}
}
