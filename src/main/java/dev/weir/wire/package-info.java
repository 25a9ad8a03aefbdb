/** Not described yet. */
@NullMarked
package dev.weir.wire;

import org.jspecify.annotations.NullMarked;
