package dev.weir.http;

/**
 * What a cache keeps of a response besides its body (RFC 9111 3): status, fields already cleaned of
 * what 3.1 forbids, the method that fetched it, and when the request was sent and the response
 * received (our clock, milliseconds since the epoch).
 */
public record StoredResponse(
    int status,
    String reason,
    Headers headers,
    String method,
    long requestTimeMillis,
    long responseTimeMillis) {}
