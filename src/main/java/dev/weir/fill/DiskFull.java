package dev.weir.fill;

import dev.weir.store.StoreException;
import java.io.IOException;
import java.util.Locale;

/** Whether a failed write says that there is no room, which a JDK tells in words only. */
final class DiskFull {
  private DiskFull() {}

  static boolean isCauseOf(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof StoreException store && store.isFull()) {
        return true;
      }
      String message = at instanceof IOException ? at.getMessage() : null;
      if (message != null) {
        String lower = message.toLowerCase(Locale.ROOT);
        if (lower.contains("no space left") || lower.contains("quota exceeded")) {
          return true;
        }
      }
    }
    return false;
  }
}
