/** Not described yet. */
@NullMarked
package dev.weir.origin;

import org.jspecify.annotations.NullMarked;
