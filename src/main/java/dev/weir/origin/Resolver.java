package dev.weir.origin;

import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Turns names into addresses. */
@FunctionalInterface
public interface Resolver {
  /**
   * All addresses of a name, best first, never empty; fails with {@link OriginFailure} of kind
   * RESOLVE or OVERLOADED.
   */
  CompletionStage<List<InetAddress>> resolve(String name);
}
