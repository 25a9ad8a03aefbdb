/** Not described yet. */
@NullMarked
package dev.weir.onboard;

import org.jspecify.annotations.NullMarked;
