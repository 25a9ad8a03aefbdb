/**
 * Frees what no entry names any more in stores that nodes share, and finds what they have lost.
 *
 * <p>Entry types: {@link dev.weir.store.collect.Collector} (one pass of collection), {@link
 * dev.weir.store.collect.ClaimedObjects} (the other side: a put that no collection can undo) and
 * {@link dev.weir.store.collect.Checker} ({@code weir fsck}). What may happen to one chunk, and
 * when, is decided by the pure functions of {@link dev.weir.store.collect.Condemnation} and {@link
 * dev.weir.store.collect.CollectorLease} alone; a test explores every interleaving of them.
 *
 * <p>Depends on {@code store} and {@code entry}. Must not depend on the cache: who removes an
 * entry's document through its keeper is handed in.
 */
@NullMarked
package dev.weir.store.collect;

import org.jspecify.annotations.NullMarked;
