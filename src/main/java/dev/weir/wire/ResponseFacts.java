package dev.weir.wire;

import dev.weir.http.ResponseHead;

/**
 * A response head that passed the guard, and what it means for the connection.
 *
 * @param keepAlive the connection may be used again after the body
 */
public record ResponseFacts(ResponseHead head, BodyFraming framing, boolean keepAlive) {}
