/**
 * What operators see of a running node: health, liveness with a canary, Prometheus metrics and
 * debug pages, on a port of their own.
 *
 * <p>Starting point: {@link dev.weir.admin.HealthServer}. It is given what it shows as suppliers
 * and knows no other room; nothing on the way of a request may depend on it.
 */
@NullMarked
package dev.weir.admin;

import org.jspecify.annotations.NullMarked;
