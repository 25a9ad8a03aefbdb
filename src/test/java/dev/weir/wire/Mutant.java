package dev.weir.wire;

import java.util.Random;
import java.util.concurrent.ExecutionException;

/** Messages that were right before some of their bytes were changed. */
final class Mutant {
  private static final String ODD = "\r\n\t\u0000 :;,0fF\u007f\u00ffHTX-";

  private Mutant() {}

  static String of(String message, Random random) {
    StringBuilder text = new StringBuilder(message);
    for (int changes = random.nextInt(5); changes >= 0; changes--) {
      int at = random.nextInt(text.length());
      switch (random.nextInt(4)) {
        case 0 -> text.setCharAt(at, (char) random.nextInt(256));
        case 1 -> text.insert(at, ODD.charAt(random.nextInt(ODD.length())));
        case 2 -> text.deleteCharAt(at);
        default -> {
          int to = Math.min(text.length(), at + 1 + random.nextInt(20));
          text.insert(random.nextInt(text.length()), text.substring(at, to));
        }
      }
    }
    return text.toString();
  }

  /**
   * What was heard until the connection ended; a violation is an outcome, any other fault is not.
   */
  static String outcome(Peer peer) {
    try {
      return peer.awaitEnd();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GuardViolation) {
        return peer.heard();
      }
      throw new AssertionError("failed after: " + peer.heard(), e);
    }
  }
}
