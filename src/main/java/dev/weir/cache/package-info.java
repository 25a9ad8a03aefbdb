/** Not described yet. */
@NullMarked
package dev.weir.cache;

import org.jspecify.annotations.NullMarked;
