package dev.weir.edge;

import dev.weir.http.Authority;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the connection a request came on.
 *
 * @param tunnel the authority of the CONNECT this connection is inside of, or null
 * @param id names the connection in logs
 */
public record ClientConnection(
    InetSocketAddress remote, InetSocketAddress local, @Nullable Authority tunnel, long id) {}
