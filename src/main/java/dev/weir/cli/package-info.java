/** Not described yet. */
@NullMarked
package dev.weir.cli;

import org.jspecify.annotations.NullMarked;
