package dev.weir.store;

import java.util.concurrent.TimeUnit;

/**
 * How much one reader gets at a time: it begins small, doubles while the reader comes back at once
 * and halves when it takes long. One stream's own, not thread-safe.
 */
final class SliceSize {
  private final StoreSettings.BodyPath settings;
  private int bytes;

  SliceSize(StoreSettings.BodyPath settings) {
    this.settings = settings;
    this.bytes = settings.firstSliceBytes();
  }

  int bytes() {
    return bytes;
  }

  /** The reader asked again that long after it had been given something. */
  void askedAfter(long nanos) {
    long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
    if (millis < settings.fastReaderMillis()) {
      bytes = Math.min(2 * bytes, settings.maxSliceBytes());
    } else if (millis > settings.slowReaderMillis()) {
      bytes = Math.max(bytes / 2, settings.minSliceBytes());
    }
  }
}
