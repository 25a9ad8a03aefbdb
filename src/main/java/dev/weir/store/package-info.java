/**
 * Where stored responses live on this node: metadata documents (RocksDB, or memory), chunks (files,
 * or memory), the tiers that bodies are read from, and the retention that keeps it all within its
 * limit. {@link dev.weir.store.LocalStores} opens everything in a data folder and wires it.
 *
 * <p>The order that makes it safe: a fill adopts its chunks and keeps them pinned; the keeper
 * writes the document; the retention is told; the pins are closed. Removal goes the other way:
 * document, retention, chunks. A crash between any two steps leaves chunks that nobody names, which
 * the next start deletes, and never a document whose chunks were not durable.
 *
 * <p>Depends on {@code entry} (and through it on values of {@code http}) alone; it knows nothing of
 * HTTP semantics. Nothing here blocks a caller unless its documentation says so.
 */
@NullMarked
package dev.weir.store;

import org.jspecify.annotations.NullMarked;
