/**
 * Fills: an origin response fetched once, spooled and hashed while any number of readers take it,
 * each at its own pace, and committed when it is whole.
 *
 * <p>Starting points: {@link dev.weir.fill.FillRegistry} starts and finds fills; {@link
 * dev.weir.fill.SpooledFill} is one fill's life; {@link dev.weir.fill.Spool} is where its bytes
 * are. What becomes of a finished fill is told through {@link dev.weir.fill.FillEvents}, which the
 * cache implements. This room must not depend on the cache, on policy, or on anything that faces
 * clients.
 */
@NullMarked
package dev.weir.fill;

import org.jspecify.annotations.NullMarked;
