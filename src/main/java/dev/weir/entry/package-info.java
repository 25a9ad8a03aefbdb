/** Not described yet. */
@NullMarked
package dev.weir.entry;

import org.jspecify.annotations.NullMarked;
