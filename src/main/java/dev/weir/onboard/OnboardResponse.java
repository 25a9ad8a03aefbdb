package dev.weir.onboard;

import dev.weir.http.ResponseHead;

/**
 * A complete response made here.
 *
 * @param body the content, empty for HEAD; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // bytes on their way out, never compared
public record OnboardResponse(ResponseHead head, byte[] body) {}
