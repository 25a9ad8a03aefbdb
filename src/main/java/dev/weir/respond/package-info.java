/** Not described yet. */
@NullMarked
package dev.weir.respond;

import org.jspecify.annotations.NullMarked;
