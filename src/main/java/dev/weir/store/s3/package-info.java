/**
 * Chunks in S3, or in a server that speaks its protocol, through pekko-connectors-s3. {@link
 * dev.weir.store.s3.S3ObjectStore} is the entry; nothing outside this package sees the connector,
 * so that another client could take its place.
 *
 * <p>Depends on {@code store} and {@code entry}; it knows nothing of tiers, keepers or HTTP
 * semantics.
 */
@NullMarked
package dev.weir.store.s3;

import org.jspecify.annotations.NullMarked;
