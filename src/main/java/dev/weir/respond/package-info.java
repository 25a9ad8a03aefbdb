/**
 * From what there is (a stored entry, a running fill, an error) to what a client is sent: which
 * part of a body, as which status, and the count of what really left. Entry types: {@link
 * dev.weir.respond.Selection} and {@link dev.weir.respond.Problem}. It decides nothing about
 * caching and must not depend on {@code exchange}.
 */
@NullMarked
package dev.weir.respond;

import org.jspecify.annotations.NullMarked;
