package dev.weir.proxy.filter;

import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * The connection a request is sent on.
 *
 * @param reused whether it has served before
 * @param waited from the request for it until it was there
 */
public record UpstreamConnection(InetSocketAddress address, boolean reused, Duration waited) {}
