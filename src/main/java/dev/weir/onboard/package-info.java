/**
 * Onboarding: what the proxy answers by itself for {@code weir.internal} and {@code mitm.it}, so
 * that a machine that can reach it can also be set up by it: a page, the CA in three formats, and a
 * shell script.
 *
 * <p>{@link dev.weir.onboard.Onboarding} turns a request head into a whole response. It opens no
 * socket and touches no file after start, and must not depend on Pekko; the exchange puts the bytes
 * on the wire.
 */
@NullMarked
package dev.weir.onboard;

import org.jspecify.annotations.NullMarked;
