package dev.weir.fill;

import dev.weir.entry.Grant;
import dev.weir.http.RequestHead;
import dev.weir.origin.OriginTimeouts;

/**
 * What a node tells others of a fill it leads: all that is needed to read along, and to go on in
 * its place if it is lost.
 *
 * @param grant under which it commits
 * @param request what the origin was asked
 * @param url for the entry and the log
 * @param head what readers learn first
 */
public record FillNote(
    Grant grant, RequestHead request, OriginTimeouts timeouts, String url, FillHead head) {}
