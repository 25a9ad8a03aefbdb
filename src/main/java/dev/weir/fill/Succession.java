package dev.weir.fill;

import dev.weir.entry.Grant;
import dev.weir.entry.NodeId;

/** How a fill goes on whose leader was lost. */
public sealed interface Succession {
  /** Read along there: it still lives, or another node leads now. */
  record Follow(NodeId leader) implements Succession {}

  /** This node leads from here on. */
  record Lead(Grant grant) implements Succession {}

  /** It cannot go on. */
  record Lost(String reason) implements Succession {}
}
