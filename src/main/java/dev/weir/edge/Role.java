package dev.weir.edge;

import dev.weir.http.Authority;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** What a listener is to its clients. */
public sealed interface Role {
  Role PROXY = new Proxy();

  /** A forward proxy: absolute-form targets, CONNECT, and TLS by server name. */
  record Proxy() implements Role {}

  /**
   * The front of one origin (a gateway, RFC 9110 3.7): requests are for it whatever Host they name.
   *
   * @param scheme the origin's
   * @param preserveHost whether requests keep the authority that the client asked for; otherwise
   *     they are given the origin's
   * @param names hosts in absolute-form targets that mean this listener, besides the origin's and
   *     the address the connection came in by
   * @param engines makes the engines of a listener that speaks TLS, called on the connections'
   *     threads; null for a plain one
   */
  record Front(
      String scheme,
      Authority origin,
      boolean preserveHost,
      Set<String> names,
      @Nullable Supplier<SSLEngine> engines)
      implements Role {
    public Front {
      names = Set.copyOf(names);
    }
  }

  /**
   * A mirror: requests are for the listener itself, their paths say for whom they are.
   *
   * @param engines as of a front
   */
  record Mirror(@Nullable Supplier<SSLEngine> engines) implements Role {}
}
