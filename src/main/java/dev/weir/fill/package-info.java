/** Not described yet. */
@NullMarked
package dev.weir.fill;

import org.jspecify.annotations.NullMarked;
