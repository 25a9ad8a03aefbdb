package dev.weir.origin;

/**
 * How long an origin may take, in milliseconds; 0 is no limit. {@code connect} covers name, TCP and
 * TLS; {@code read} is the longest silence, before the head and between pieces of the body.
 */
public record OriginTimeouts(long connectMillis, long readMillis, long totalMillis) {}
