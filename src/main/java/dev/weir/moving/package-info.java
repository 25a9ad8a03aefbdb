/**
 * Moving in: what a passsage index in Elasticsearch and an xs3lerator bucket hold becomes entries
 * of Weir's own stores. Entry type: {@link dev.weir.moving.Mover}. The source is only read;
 * whatever of it is ambiguous, looks like somebody's own or is not whole is left there and counted.
 * Depends on {@code entry}, {@code http}, {@code policy}, {@code inspect} and {@code store}; it
 * knows no settings, no rules and no terminal.
 */
@NullMarked
package dev.weir.moving;

import org.jspecify.annotations.NullMarked;
