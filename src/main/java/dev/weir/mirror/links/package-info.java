/**
 * Links of index documents: a client of the mirror that follows them stays inside.
 *
 * <p>{@link dev.weir.mirror.links.LinkedDocuments} is the entry, which stands between the mirror
 * and the exchange. {@link dev.weir.mirror.links.IndexForm} tells which documents those are, {@link
 * dev.weir.mirror.links.InsideLinks} (pure) where a link leads inside; one class per format reads
 * and writes it by a library. It must not depend on the cache, fills or stores.
 */
@NullMarked
package dev.weir.mirror.links;

import org.jspecify.annotations.NullMarked;
