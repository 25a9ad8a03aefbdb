/** What many tests share: an origin over real sockets. Start with {@link OriginServer}. */
@NullMarked
package dev.weir.testing;

import org.jspecify.annotations.NullMarked;
