package dev.weir.testing;

import dev.weir.store.FaultPoints;
import org.jspecify.annotations.Nullable;

/** Ends the process at a step of a commit, as kill -9 would; does nothing in others. */
public final class HaltAt implements FaultPoints.Hook {
  private static final String PROPERTY = "weir.test.halt-at";
  private static final int STATUS = 77;
  private static final @Nullable String POINT = System.getProperty(PROPERTY);

  /** What a process is started with that is to end there. */
  public static String option(FaultPoints.Point point) {
    return "-D" + PROPERTY + "=" + point;
  }

  @Override
  public void reached(FaultPoints.Point point) {
    if (point.name().equals(POINT)) {
      Runtime.getRuntime().halt(STATUS);
    }
  }
}
