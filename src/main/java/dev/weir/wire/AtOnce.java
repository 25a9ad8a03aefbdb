package dev.weir.wire;

import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * Who may answer a request the moment its head has passed the guard, without Pekko HTTP: parsing a
 * substitute head, running its server's stages and rendering a substitute answer costs more than
 * looking up a small stored response does.
 *
 * <p>It is asked on the connection's thread, for each GET and HEAD that has no body, waits for no
 * 100 and asks for no other protocol. It must neither block nor throw.
 */
@FunctionalInterface
public interface AtOnce {
  /** Everything goes through Pekko HTTP. */
  AtOnce NEVER = exchange -> null;

  /**
   * The whole body that follows the head given to {@link RequestChannel.Exchange#respond}, empty
   * where there is none; null if the request is to go through Pekko HTTP, which it then does.
   */
  @Nullable ByteString answer(RequestChannel.Exchange exchange);
}
