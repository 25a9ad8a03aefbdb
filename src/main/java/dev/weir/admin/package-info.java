/** Not described yet. */
@NullMarked
package dev.weir.admin;

import org.jspecify.annotations.NullMarked;
