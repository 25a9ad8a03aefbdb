package dev.weir.fill;

import dev.weir.entry.FillId;
import java.util.Optional;

/** The fills running on this node. */
public interface Fills {
  /** Starts at once; the origin request is sent without waiting for a reader. */
  Fill start(FillPlan plan);

  Optional<Fill> running(FillId id);

  int count();
}
