/**
 * The {@code weir} command and the assembly of a node: picocli commands, the settings with their
 * layers (flag, environment, file, default), and the one place where the rooms are wired together.
 *
 * <p>Starting points: {@link dev.weir.cli.Main}, {@link dev.weir.cli.Setting} for the flags, {@link
 * dev.weir.cli.Node} for a running node and where each part of it is wired. Nothing may depend on
 * this room.
 */
@NullMarked
package dev.weir.cli;

import org.jspecify.annotations.NullMarked;
