/**
 * What programs write against that decide in Weir's stead: {@link dev.weir.proxy.filter.Filter} has
 * a method for each phase of a request, {@link dev.weir.proxy.filter.FilterProvider} makes one from
 * its settings and is found by {@link java.util.ServiceLoader}. Heads and fields are the values of
 * {@code dev.weir.http}; nothing else of Weir, and no library, is seen from here. Methods are
 * added, never changed: what was compiled against an older version goes on working.
 */
@NullMarked
package dev.weir.proxy.filter;

import org.jspecify.annotations.NullMarked;
