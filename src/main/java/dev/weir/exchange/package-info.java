/** Not described yet. */
@NullMarked
package dev.weir.exchange;

import org.jspecify.annotations.NullMarked;
