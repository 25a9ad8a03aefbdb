/**
 * What the operator wants done with a request, and what name its answer has in the cache: policies,
 * rules and the default rules ({@link dev.weir.policy.PolicyTable}), cache keys with signed-URL
 * normalisation ({@link dev.weir.policy.CacheKeys}).
 *
 * <p>Pure functions of the request head; depends on {@code http} and {@code entry} only.
 */
@NullMarked
package dev.weir.policy;

import org.jspecify.annotations.NullMarked;
