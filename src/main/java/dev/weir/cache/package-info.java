/**
 * The keepers (one sharded actor per primary key), and a node's view of them: what may be served
 * without asking, what must be fetched, and by whom.
 *
 * <p>Starting points: {@link dev.weir.cache.Cache} is what requests use, {@link
 * dev.weir.cache.NodeCache} implements it; {@code Keeper} is the actor, {@code KeyState} its rules
 * and {@code Slot} the states of one variant. An actor's parts are {@code Newborn}, {@code Leases},
 * {@code StoreQueue} and {@code Elections}, those of the rules {@code Stock}, {@code RunningFills}
 * and {@code Commits}. No body byte passes through here. This room must not depend on anything that
 * faces clients or origins.
 */
@NullMarked
package dev.weir.cache;

import org.jspecify.annotations.NullMarked;
