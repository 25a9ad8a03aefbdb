package dev.weir.proxy.filter;

/**
 * Why an origin gave no usable response.
 *
 * @param kind a token, as in Cache-Status: connect, connect-timeout, tls, dns, head-timeout, ...
 * @param status what the client gets where nothing better is at hand
 * @param sentence fit for a client
 * @param reusedConnection whether a kept connection was dropped before any byte of the response
 */
public record UpstreamFailure(String kind, int status, String sentence, boolean reusedConnection) {}
