package dev.weir.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Settings of nodes that wait for their keepers: on a loaded machine a node that goes alone after
 * the usual time asks an origin once more than a test counts that is about something else.
 */
final class Patience {
  static final String SETTINGS = "weir.cache.ack-timeout = 10 s\n";

  private Patience() {}

  /** The flag for a file in that folder with these settings, and with more. */
  static String flag(Path folder, String... more) throws IOException {
    Path file = Files.createTempFile(folder, "patient-", ".conf");
    return "--config=" + Files.writeString(file, SETTINGS + String.join("\n", more));
  }
}
