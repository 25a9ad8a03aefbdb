/**
 * The chain of filters: which there are, in which order, which phases they take part in, and how
 * one exchange goes through them. Entry type: {@link dev.weir.filters.Filters}. It knows the values
 * of {@code http} and the interfaces of {@code proxy.filter}, nothing of caches, fills or origins:
 * those who hold the phases ask it and act on what it says.
 */
@NullMarked
package dev.weir.filters;

import org.jspecify.annotations.NullMarked;
