/**
 * Metadata in Elasticsearch 8 or OpenSearch 2, shared by all nodes of a fleet. {@link
 * dev.weir.store.elastic.ElasticMetadataStore} is the entry; everything else is its parts.
 *
 * <p>What is said to the servers goes through {@code ElasticClient}: many documents by id at once
 * ({@code _mget}, real-time), many conditional writes at once ({@code _bulk}), a walk through an
 * index (scroll), and the making of an index. {@code HttpElasticClient} is its one implementation,
 * over Pekko HTTP. Where pekko-connectors-elasticsearch can be had, another class over its flow and
 * source takes that one's place; batching, retries, budgets and last uses above it stay as they
 * are.
 *
 * <p>An entry is one document under the id that {@code PrimaryKey} gives it; an id above 512 bytes,
 * which these servers refuse, is replaced by its digest. A version is {@code _seq_no:_primary_term}
 * and every write names the one it was made for, so that two nodes never overwrite each other
 * unseen. A write whose answer was lost is not repeated blindly: when the second try meets a
 * conflict, the document is read to see whether the first had succeeded.
 *
 * <p>Nothing here waits longer than its budget or queues without a bound; when the servers are gone
 * calls fail at once and one call now and then looks whether they are back. Depends on {@code
 * store} and {@code entry} alone.
 */
@NullMarked
package dev.weir.store.elastic;

import org.jspecify.annotations.NullMarked;
